"""Outer cross-fitting: every row is held out once, and everything is fitted anew without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from farandole.api import Recipe, recipe_at
from farandole.api.progress import Progress
from farandole.data.prepare import Prepared
from farandole.evaluation.comparison import Rival
from farandole.evaluation.folding import FOLDS, folds
from farandole.evaluation.objective import Objective
from farandole.evaluation.predictions import Labels, Predictions
from farandole.steps.fitting.fit import fit_and_predict, fit_rows
from farandole.steps.fitting.learning import Assignment
from farandole.steps.fitting.search import Trial, search
from farandole.steps.judging.rivals import rivals
from farandole.steps.rows.dataset import Dataset, Index


@dataclass(frozen=True)
class Said:
    """What the model and its rivals say of rows; `folds` names the model of each row."""

    model: Predictions
    rivals: tuple[Rival, ...]
    folds: Labels | None = None


def cross_fit(
    rows: Dataset, prepared: Prepared, assignment: Assignment, progress: Progress
) -> Said:
    """Let every row be judged by models fitted on other folds.

    Tuning, stopping and thresholds happen inside each fold, on rows of its own.
    """
    recipe = assignment.recipe
    seed = recipe.data.split.seed
    fold = folds(rows.groups, _labels(rows), FOLDS, seed)
    parts: list[Said] = []
    for number in range(FOLDS):
        kept, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        train, validation = _inner(rows, kept, recipe, seed + number + 1)
        encoded = rows.encoded_by(prepared, recipe, train)
        parts.append(
            _one(assignment, encoded.take(train), encoded.take(validation), encoded.take(held))
        )
        progress.update("cross-fitting", number + 1, FOLDS, "folds")
    return _gathered(parts, fold)


def _one(assignment: Assignment, train: Dataset, validation: Dataset, held: Dataset) -> Said:
    recipe = assignment.recipe
    chosen = _tuned(assignment, train, validation)
    model = fit_rows(chosen, train, validation).predict(held)
    objective = Objective(recipe.task.kind, recipe.metric, assignment.classes)
    return Said(model, rivals(objective, train, held, recipe.training.seed))


def _tuned(assignment: Assignment, train: Dataset, validation: Dataset) -> Assignment:
    recipe = assignment.recipe
    if recipe.tuning is None:
        return assignment

    def trained(tried: Recipe) -> Predictions:
        return fit_and_predict(replace(assignment, recipe=tried), train, validation, validation)

    found = search(recipe, validation.held_out(), trained, _forget, {})
    return replace(assignment, recipe=recipe_at(recipe, dict(found.chosen)))


def _forget(_trial: Trial) -> None:
    """Trials of a fold are not kept: the whole fold is repeated or not at all."""


def _inner(rows: Dataset, kept: Index, recipe: Recipe, seed: int) -> tuple[Index, Index]:
    """Deal the rows that are not held out to train and validation, by the document's shares."""
    fractions = recipe.data.split.fractions
    parts = max(2, round((fractions.train + fractions.validation) / fractions.validation))
    some = rows.take(kept)
    part = folds(some.groups, _labels(some), parts, seed)
    return kept[part != 0], kept[part == 0]


def _labels(rows: Dataset) -> Sequence[object] | None:
    return rows.y.tolist() if np.issubdtype(rows.y.dtype, np.integer) else None


def _gathered(parts: Sequence[Said], fold: Labels) -> Said:
    model = _in_order([part.model for part in parts], fold)
    names = range(len(parts[0].rivals))
    together = tuple(
        replace(
            parts[0].rivals[at],
            predictions=_in_order([part.rivals[at].predictions for part in parts], fold),
        )
        for at in names
    )
    return Said(model, together, fold)


def _in_order(parts: Sequence[Predictions], fold: Labels) -> Predictions:
    values = np.empty((len(fold), *parts[0].values.shape[1:]))
    thresholds = np.full(len(fold), np.nan)
    for number, part in enumerate(parts):
        values[fold == number] = part.values
        if part.threshold is not None:
            thresholds[fold == number] = part.threshold
    return Predictions(values, None if np.isnan(thresholds).any() else thresholds)
