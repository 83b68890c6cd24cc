"""What the model and its rivals say of rows that none of them has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from farandole.api.progress import Progress
from farandole.data.prepare import Prepared
from farandole.evaluation.folding import needs_cross_fitting
from farandole.evaluation.objective import Objective
from farandole.evaluation.overlap import refuse_overlap
from farandole.steps.fitting.fit import Fit
from farandole.steps.fitting.learning import Assignment
from farandole.steps.judging.cross_fitting import Said, cross_fit
from farandole.steps.judging.rivals import rivals
from farandole.steps.rows.dataset import Dataset, joined


@dataclass(frozen=True)
class Judged:
    """Held-out rows, and what everyone says of them; `reason` says why rows were cross-fitted."""

    rows: Dataset
    said: Said
    reason: str | None


def judge(
    splits: Mapping[str, Dataset],
    fitted: Fit,
    prepared: Prepared,
    assignment: Assignment,
    progress: Progress,
) -> Judged:
    """Judge on the test rows, or by cross-fitting over all rows where the test rows are too few."""
    recipe, classes = assignment.recipe, assignment.classes
    test = prepared.manifest.splits["test"]
    reason = needs_cross_fitting(test.rows, test.counts if classes else None)
    if reason is not None:
        progress.say(reason)
        rows = joined([splits[split] for split in ("train", "validation", "test")])
        return Judged(rows, cross_fit(rows, prepared, assignment, progress), reason)
    seen = [row.digest for split in ("train", "validation") for row in splits[split].rows]
    refuse_overlap(seen, [row.digest for row in splits["test"].rows])
    objective = Objective(recipe.task.kind, recipe.metric, classes)
    others = rivals(objective, splits["train"], splits["test"], recipe.training.seed)
    return Judged(splits["test"], Said(fitted.predict(splits["test"]), others), None)
