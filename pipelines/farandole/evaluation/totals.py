"""Metrics as functions of sums over rows, so that thousands of resamples cost one product.

A metric here is a pair: what each row adds [n, d], and the score of the sums [..., d]. The score
of all rows' sums is scikit-learn's figure (a property test holds the two together).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from farandole.evaluation.predictions import HeldOut, Labels, Numbers, Predictions

Rows = Callable[[HeldOut, Predictions], Numbers]


@dataclass(frozen=True)
class Totals:
    """A metric that is a function of sums over rows."""

    rows: Rows
    score: Callable[[Numbers], Numbers]


def weights(held: HeldOut) -> Numbers:
    """The weight of every row [n], 1 where none was declared."""
    return np.ones(held.rows) if held.weight is None else held.weight.astype(np.float64)


def log_losses(held: HeldOut, predicted: Predictions) -> Numbers:
    """The log loss of every row [n], clipped as scikit-learn clips."""
    own = predicted.probabilities[np.arange(held.rows), held.y.astype(np.int64)]
    smallest = np.finfo(np.float64).eps
    return np.asarray(-np.log(np.clip(own, smallest, 1 - smallest)))


def errors(held: HeldOut, predicted: Predictions) -> Numbers:
    """Predicted minus true value of every row [n]."""
    return np.asarray(predicted.values - held.y, dtype=np.float64)


def _one_hot(labels: Labels, classes: int) -> Numbers:
    return np.asarray(labels[:, None] == np.arange(classes), dtype=np.float64)


def _mean_of(values: Callable[[HeldOut, Predictions], Numbers]) -> Rows:
    def rows(held: HeldOut, predicted: Predictions) -> Numbers:
        weight = weights(held)
        return np.stack([weight * values(held, predicted), weight], axis=1)

    return rows


def _correct(held: HeldOut, predicted: Predictions) -> Numbers:
    return np.asarray(predicted.labels == held.y, dtype=np.float64)


def _by_class(held: HeldOut, predicted: Predictions) -> Numbers:
    """Each class's correct, true and predicted weight: [n, 3 * classes]."""
    classes = predicted.values.shape[1]
    true = _one_hot(held.y.astype(np.int64), classes) * weights(held)[:, None]
    said = _one_hot(predicted.labels, classes)
    return np.hstack([true * said, true, said * weights(held)[:, None]])


def _squares(held: HeldOut, predicted: Predictions) -> Numbers:
    """Weight of squared error, of one, of the target and of its square, about its mean: [n, 4]."""
    weight = weights(held)
    centred = held.y - np.average(held.y.astype(np.float64), weights=weight)
    parts = [errors(held, predicted) ** 2, np.ones(held.rows), centred, centred**2]
    return np.stack([weight * part for part in parts], axis=1)


def _mean(sums: Numbers) -> Numbers:
    return np.asarray(sums[..., 0] / sums[..., 1])


def _root_of_mean(sums: Numbers) -> Numbers:
    return np.sqrt(_mean(sums))


def _mean_recall(sums: Numbers) -> Numbers:
    hit, true, _ = np.split(sums, 3, axis=-1)
    present = true > 0
    recall = np.where(present, hit / np.where(present, true, 1), 0)
    return np.asarray(recall.sum(axis=-1) / present.sum(axis=-1))


def _mean_f1(sums: Numbers) -> Numbers:
    hit, true, said = np.split(sums, 3, axis=-1)
    present = true + said > 0
    f1 = np.where(present, 2 * hit / np.where(present, true + said, 1), 0)
    return np.asarray(f1.sum(axis=-1) / present.sum(axis=-1))


def _explained(sums: Numbers) -> Numbers:
    residual, weight, first, second = np.moveaxis(sums, -1, 0)
    spread = second - first**2 / weight
    return np.where(spread > 1e-12 * second, 1 - residual / spread, np.nan)


TOTALS: Mapping[str, Totals] = {
    "accuracy": Totals(_mean_of(_correct), _mean),
    "balancedAccuracy": Totals(_by_class, _mean_recall),
    "f1Macro": Totals(_by_class, _mean_f1),
    "logLoss": Totals(_mean_of(log_losses), _mean),
    "rmse": Totals(_mean_of(lambda held, said: errors(held, said) ** 2), _root_of_mean),
    "mae": Totals(_mean_of(lambda held, said: np.abs(errors(held, said))), _mean),
    "r2": Totals(_squares, _explained),
}
