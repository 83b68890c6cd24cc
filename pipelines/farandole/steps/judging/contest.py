"""The candidate against the champion, on test rows that neither has seen."""

from __future__ import annotations

import json

import numpy as np

from farandole.api import Model, Recipe, recipe_core
from farandole.api.promotion import Gate
from farandole.data.prepare import Prepared
from farandole.evaluation.champion import (
    ChampionComparison,
    against_champion,
    incomparable,
    not_comparable,
)
from farandole.evaluation.objective import Objective
from farandole.evaluation.overlap import unseen
from farandole.evaluation.predictions import Labels, Predictions
from farandole.registry.champion import Champion
from farandole.steps.fitting.fit import Fit
from farandole.steps.rows.dataset import Dataset
from farandole.steps.rows.raw_rows import raw_rows


def compare_with(
    incumbent: Champion, recipe: Recipe, gate: Gate, prepared: Prepared, test: Dataset, fitted: Fit
) -> ChampionComparison:
    """Compare with the champion on test rows that the champion has not seen either."""
    index = np.flatnonzero(unseen([row.digest for row in test.rows], incumbent.seen))
    rows = test.take(index) if len(index) else None
    version = str(incumbent.version.number)
    mine = Objective(recipe.task.kind, recipe.metric, prepared.manifest.classes)
    theirs = Objective(incumbent.task, incumbent.metric, incumbent.classes)
    reason = not_comparable(mine, theirs, rows.held_out() if rows is not None else None)
    if reason is not None or rows is None:
        return incomparable(version, reason or "no test row is new to it")
    return against_champion(
        recipe.metric,
        version,
        rows.held_out(),
        fitted.predict(rows),
        _predict(incumbent, prepared, index),
        gate,
        _recipe_changed(incumbent, recipe),
    )


def _predict(incumbent: Champion, prepared: Prepared, index: Labels) -> Predictions:
    said = incumbent.model.predict(raw_rows(prepared, "test", index.tolist()))
    if not incumbent.classes:
        return Predictions(said["value"].to_numpy(np.float64))
    columns = [f"probability_{name}" for name in incumbent.classes]
    threshold = incumbent.model.bundle["threshold"]
    return Predictions(said[columns].to_numpy(np.float64), threshold)


def _recipe_changed(incumbent: Champion, recipe: Recipe) -> bool:
    before = Model.model_validate_json(json.dumps(dict(incumbent.lineage.document)))
    return recipe_core(before.spec.recipe) != recipe_core(recipe)
