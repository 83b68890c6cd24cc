"""What a checkpoint is worth: the network rebuilt once, every validation row, every metric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from farandole.api.errors import RingError
from farandole.data.prepare import open_prepared
from farandole.data.store import Store
from farandole.evaluation.metric import metrics
from farandole.evaluation.predictions import HeldOut, Numbers, Predictions
from farandole.evaluation.thresholds import threshold
from farandole.ring.checkpoints import Checkpoint
from farandole.ring.collective import SingleProcess
from farandole.ring.keeping import values
from farandole.ring.manifest import differences
from farandole.steps import train
from farandole.steps.fitting import learning
from farandole.steps.fitting.learning import Assignment
from farandole.steps.rows.dataset import Dataset, open_dataset

BATCH = 256  # rows at once; pictures of 224 by 224 take 150 MB of memory then


@dataclass(frozen=True)
class Scorer:
    """A network whose weights change with each checkpoint, and the rows that judge it."""

    problem: learning.Problem
    model: Any
    rows: Dataset
    held: HeldOut

    @classmethod
    def open(cls, parameters: train.Parameters, store: Store) -> Scorer | None:
        """Rebuild the network as the ranks build it; None where there are no validation rows."""
        recipe, arrays = parameters.recipe_tuned(), parameters.featurized.arrays
        prepared = open_prepared(store, parameters.prepared.prefix)
        held = open_dataset(store, arrays, prepared, recipe, "validation")
        if not held.rows:
            return None
        rows = open_dataset(store, arrays, prepared, recipe, "train")
        classes, folder = prepared.manifest.classes, Path(parameters.place.folder)
        problem = learning.problem_of(
            Assignment(recipe, classes, folder), rows.x, np.asarray(rows.y)
        )
        learner, _ = learning.learner_of(problem, rows.x.shape[1], SingleProcess())
        return cls(problem, learner.model, held, held.held_out())

    def score(self, checkpoint: Checkpoint, between: Callable[[], None]) -> dict[str, float]:
        """Return every metric of the task that is defined; none where a prediction is not finite.

        `between` is called between batches. Raises `RingError` where the checkpoint is of another
        network.
        """
        self._load(checkpoint)
        predicted = self._predicted(between)
        if not predicted.finite:
            return {}
        recipe, classes = self.problem.recipe, self.problem.classes
        forward = self.rows.transform.forward if recipe.data.target and not classes else None
        return metrics(recipe.task.kind, self.held, predicted, forward)

    def _load(self, checkpoint: Checkpoint) -> None:
        variables = list(self.model.variables)
        wanted = values(variables)
        if wrong := differences(checkpoint.manifest.arrays[: len(variables)], wanted):
            raise RingError(
                f"the evaluator: expected a checkpoint of this network, received {wrong[:3]}"
            )
        for variable, array in zip(variables, checkpoint.arrays, strict=False):
            variable.assign(array)

    def _predicted(self, between: Callable[[], None]) -> Predictions:
        x, parts = self.rows.x[0], []
        for start in range(0, len(self.rows.rows), BATCH):
            parts.append(learning.predict(self.problem, self.model, x[start : start + BATCH]))
            between()
        found: Numbers = np.concatenate(parts)
        if not self.problem.classes:
            return Predictions(self.rows.transform.inverse(found))
        binary = len(self.problem.classes) == 2 and bool(np.isfinite(found).all())
        cut = threshold(self.problem.recipe.metric, self.held, found) if binary else None
        return Predictions(found, cut)
