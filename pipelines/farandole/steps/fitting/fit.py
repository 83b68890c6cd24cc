"""Fit one recipe on rows in this process, and say what it predicts: for trials and folds."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from farandole.evaluation.predictions import HeldOut, Numbers, Predictions
from farandole.evaluation.thresholds import threshold
from farandole.steps.fitting import learning
from farandole.steps.fitting.learning import Assignment
from farandole.steps.rows.dataset import Dataset


@dataclass(frozen=True)
class Fit:
    """A fitted network with its threshold; predicts in the target's original units."""

    problem: learning.Problem
    model: keras.Model
    threshold: float | None

    def predict(self, rows: Dataset) -> Predictions:
        """Return what the network says of rows, by their first copy."""
        values = learning.predict(self.problem, self.model, rows.x[0])
        if not self.problem.classes:
            return Predictions(rows.transform.inverse(values))
        return Predictions(values, self.threshold)


def fit_rows(assignment: Assignment, train: Dataset, validation: Dataset) -> Fit:
    """Fit on `train`, stopped by `validation`, which also chooses a binary threshold."""
    keras.backend.clear_session()
    problem = learning.problem_of(assignment, train.x, np.asarray(train.y))
    learner, _ = learning.fit_alone(problem, train.ring_rows(), validation.ring_rows())
    fitted = Fit(problem, learner.model, None)
    return Fit(problem, learner.model, threshold_of(fitted, validation))


def threshold_of(fitted: Fit, validation: Dataset) -> float | None:
    """Choose the threshold of a binary task on validation rows; other tasks have none."""
    if len(fitted.problem.classes) != 2 or not len(validation.rows):
        return None
    held: HeldOut = validation.held_out()
    probabilities: Numbers = fitted.predict(validation).values
    return threshold(fitted.problem.recipe.metric, held, probabilities)


def fit_and_predict(
    assignment: Assignment, train: Dataset, validation: Dataset, held: Dataset
) -> Predictions:
    """Fit, then return what is said of `held`."""
    return fit_rows(assignment, train, validation).predict(held)
