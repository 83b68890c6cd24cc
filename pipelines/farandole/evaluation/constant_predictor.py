"""A model that says the same of every row has learnt nothing, however good its metric looks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from farandole.evaluation.metric import metric_named
from farandole.evaluation.predictions import HeldOut, Labels, Numbers, Predictions
from farandole.evaluation.wording import figure

_NO_SPREAD = 1e-6  # of the spread of the target, or of a probability


def constant(
    metric: str,
    held: HeldOut,
    predicted: Predictions,
    classes: Sequence[str] = (),
    folds: Labels | None = None,
) -> str | None:
    """How the model is constant on rows that are not, as a sentence; None if it is not.

    Constant is one class where the metric reads labels, else one probability or value for all.
    With cross-fitting, `folds` [n] names the model of each row; all of them must be constant.
    """
    y = held.y.astype(np.float64)
    if np.ptp(y) == 0:
        return None
    reads = metric_named(metric).reads
    said = _said(predicted, reads, float(np.std(y)))
    if not all(_same(said[each]) for each in _rows_of_models(folds, held.rows)):
        return None
    if reads != "values":
        return _one_class(held, predicted, classes)
    return (
        f"the model predicts {figure('rmse', float(np.mean(predicted.values)))} for all "
        f"{held.rows:,} rows, whose target runs from {figure('rmse', float(y.min()))} to "
        f"{figure('rmse', float(y.max()))}"
    )


def _said(predicted: Predictions, reads: str, spread: float) -> Numbers:
    """What the metric reads of every row [n, d], in units in which a constant has no spread."""
    if reads == "labels":
        return predicted.labels[:, None].astype(np.float64)
    if reads == "probabilities":
        return predicted.values
    return predicted.values[:, None] / spread


def _same(said: Numbers) -> bool:
    return bool((np.ptp(said, axis=0) <= _NO_SPREAD).all())


def _rows_of_models(folds: Labels | None, rows: int) -> list[Labels]:
    if folds is None:
        return [np.arange(rows)]
    return [np.flatnonzero(folds == each) for each in np.unique(folds)]


def _one_class(held: HeldOut, predicted: Predictions, classes: Sequence[str]) -> str:
    y = held.y.astype(np.int64)
    said, share = np.unique(predicted.labels, return_counts=True)
    name = _name(int(said[np.argmax(share)]), classes)
    counts = np.bincount(y)
    true = ", ".join(f"{_name(at, classes)} {count:,}" for at, count in enumerate(counts) if count)
    return (
        f"the model says {name} for {int(share.max()):,} of {held.rows:,} rows; "
        f"their true classes are {true}"
    )


def _name(label: int, classes: Sequence[str]) -> str:
    return classes[label] if label < len(classes) else f"class {label}"
