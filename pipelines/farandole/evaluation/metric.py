"""Exact metrics on held-out rows, by scikit-learn's definitions."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from farandole.evaluation.predictions import HeldOut, Numbers, Predictions

Score = Callable[[Any, Predictions, Any], float]
REGRESSION = "TabularRegression"


@dataclass(frozen=True)
class Metric:
    """One figure of merit: its name in the document, how it is spoken of, and how it is computed.

    `reads` says what of the predictions enters: labels, probabilities, or values.
    """

    name: str
    title: str
    higher_is_better: bool
    reads: Literal["labels", "probabilities", "values"]
    score: Score

    @property
    def orientation(self) -> float:
        """1 or -1: multiply a difference by it and more is better."""
        return 1.0 if self.higher_is_better else -1.0


def metric_named(name: str) -> Metric:
    """The metric of that name; an unknown name raises ValueError and lists those there are."""
    try:
        return METRICS[name]
    except KeyError:
        raise ValueError(f"metric: expected one of {', '.join(METRICS)}, received {name}") from None


def higher_is_better(name: str) -> bool:
    """Whether more of the metric is better."""
    return metric_named(name).higher_is_better


def score(name: str, held: HeldOut, predicted: Predictions) -> float:
    """The metric of that name, weighted by the rows' weights; NaN where it is undefined."""
    return metric_named(name).score(held.y, predicted, held.weight)


def metrics(
    task_kind: str,
    held: HeldOut,
    predicted: Predictions,
    forward: Callable[[Numbers], Numbers] | None = None,
) -> dict[str, float]:
    """Every metric of the task that is defined on these rows.

    Regression is in the target's original units; `forward`, the target's declared log
    transform, adds `rmseLog`, the RMSE on the transformed scale.
    """
    regression = task_kind == REGRESSION
    names = [name for name, each in METRICS.items() if (each.reads == "values") == regression]
    found = {name: score(name, held, predicted) for name in names}
    if regression and forward is not None:
        on_log = HeldOut(forward(held.y.astype(np.float64)), held.groups, held.weight)
        found["rmseLog"] = score("rmse", on_log, Predictions(forward(predicted.values)))
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _accuracy(y: Any, predicted: Predictions, weight: Any) -> float:
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(y, predicted.labels, sample_weight=weight))


def _balanced_accuracy(y: Any, predicted: Predictions, weight: Any) -> float:
    from sklearn.metrics import balanced_accuracy_score

    with warnings.catch_warnings():  # a predicted class that no row has is counted, not a mishap
        warnings.simplefilter("ignore", UserWarning)
        return float(balanced_accuracy_score(y, predicted.labels, sample_weight=weight))


def _f1_macro(y: Any, predicted: Predictions, weight: Any) -> float:
    from sklearn.metrics import f1_score

    return float(
        f1_score(y, predicted.labels, average="macro", sample_weight=weight, zero_division=0.0)
    )


def _log_loss(y: Any, predicted: Predictions, weight: Any) -> float:
    from sklearn.metrics import log_loss

    classes = np.arange(predicted.values.shape[1])
    return float(log_loss(y, predicted.probabilities, labels=classes, sample_weight=weight))


def _roc_auc(y: Any, predicted: Predictions, weight: Any) -> float:
    """One class against the rest, the mean over classes that some rows have and some have not."""
    from sklearn.metrics import roc_auc_score

    columns = [1] if predicted.values.shape[1] == 2 else range(predicted.values.shape[1])
    areas = [
        roc_auc_score(y == column, predicted.values[:, column], sample_weight=weight)
        for column in columns
        if 0 < np.count_nonzero(y == column) < len(y)
    ]
    return float(np.mean(areas)) if areas else float("nan")


def _rmse(y: Any, predicted: Predictions, weight: Any) -> float:
    from sklearn.metrics import root_mean_squared_error

    return float(root_mean_squared_error(y, predicted.values, sample_weight=weight))


def _mae(y: Any, predicted: Predictions, weight: Any) -> float:
    from sklearn.metrics import mean_absolute_error

    return float(mean_absolute_error(y, predicted.values, sample_weight=weight))


def _r2(y: Any, predicted: Predictions, weight: Any) -> float:
    from sklearn.metrics import r2_score

    if np.ptp(y) == 0:
        return float("nan")
    return float(r2_score(y, predicted.values, sample_weight=weight))


METRICS: Mapping[str, Metric] = {
    each.name: each
    for each in (
        Metric("balancedAccuracy", "balanced accuracy", True, "labels", _balanced_accuracy),
        Metric("accuracy", "accuracy", True, "labels", _accuracy),
        Metric("f1Macro", "macro F1", True, "labels", _f1_macro),
        Metric("logLoss", "log loss", False, "probabilities", _log_loss),
        Metric("rocAuc", "area under the ROC curve", True, "probabilities", _roc_auc),
        Metric("rmse", "RMSE", False, "values", _rmse),
        Metric("mae", "mean absolute error", False, "values", _mae),
        Metric("r2", "R squared", True, "values", _r2),
    )
}
