"""What a model must beat: a dummy that sees nothing, a linear model that sees little."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from farandole.api.errors import DataError
from farandole.evaluation.linear import (
    MOST_ROWS,
    Columns,
    TrainRows,
    at_most,
    balanced,
    choose_penalty,
    choose_strength,
    logistic,
    probabilities,
    ridge,
)
from farandole.evaluation.objective import Objective
from farandole.evaluation.predictions import Numbers
from farandole.evaluation.threads import one_thread

PIXELS = 32  # height and width of the pictures that the linear baseline reads


class TargetTransform(Protocol):
    """The declared transform of a regression target."""

    def forward(self, values: Numbers, /) -> Numbers:
        """Original units to the scale the model is fitted on."""

    def inverse(self, values: Numbers, /) -> Numbers:
        """Back to original units."""


@dataclass(frozen=True)
class Baseline:
    """A fitted reference model: its name, a title that says what it is, and what it predicts.

    `predict` takes x [n, d] and gives probabilities [n, classes], or values [n] in original
    units.
    """

    name: str
    title: str
    predict: Callable[[NDArray[Any]], Numbers]


def fit_baseline(
    kind: str,
    objective: Objective,
    train: TrainRows,
    seed: int,
    reads: str = "the encoded columns",
    transform: TargetTransform | None = None,
) -> Baseline:
    """Fit the `dummy` or the `linear` baseline on train rows, and on no others.

    `reads` says in the title what x is ("32x32 pixels"). The strength of regularisation is
    chosen by cross-validation inside these rows, in folds that keep duplicates together.
    `transform` is the declared transform of a regression target; y is in original units.
    """
    if not len(train.y):
        raise DataError(f"the {kind} baseline: expected train rows, received none")
    if kind == "dummy":
        fit = _dummy_regression if objective.regression else _dummy
        return fit(objective, train)
    if kind != "linear":
        raise ValueError(f"baseline: expected dummy or linear, received {kind}")
    with one_thread():
        some, title = at_most(MOST_ROWS, train, seed), _title(objective, train, reads)
        if objective.regression:
            return _linear_regression(title, some, seed, transform)
        return _linear(title, objective, some, seed)


def raw_pixels(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures [n, 32, 32, channels] as rows of raw pixels [n, 32 * 32 * channels]."""
    if images.shape[1:3] != (PIXELS, PIXELS):
        raise ValueError(f"expected pictures [n, {PIXELS}, {PIXELS}, c], received {images.shape}")
    return images.reshape(len(images), -1)


def _dummy(objective: Objective, train: TrainRows) -> Baseline:
    counts = np.bincount(
        train.y.astype(np.int64), weights=train.weight, minlength=len(objective.classes)
    ).astype(np.float64)
    shares = counts / counts.sum()
    return Baseline(
        "dummy", "always the most frequent class", lambda x: np.tile(shares, (len(x), 1))
    )


def _dummy_regression(objective: Objective, train: TrainRows) -> Baseline:
    """The constant that the metric likes best: the median for absolute errors, else the mean."""
    if objective.metric == "mae":
        return _always("the median of the target", float(np.median(train.y)))
    return _always("the mean of the target", float(np.average(train.y, weights=train.weight)))


def _always(what: str, value: float) -> Baseline:
    return Baseline("dummy", f"always {what}", lambda x: np.full(len(x), value))


def _title(objective: Objective, train: TrainRows, reads: str) -> str:
    title = f"{'ridge' if objective.regression else 'logistic'} regression on {reads}"
    rows = len(train.y)
    return title if rows <= MOST_ROWS else f"{title}, fitted on {MOST_ROWS:,} of {rows:,} rows"


def _linear(title: str, objective: Objective, train: TrainRows, seed: int) -> Baseline:
    if len(np.unique(train.y)) < 2:
        return replace(_dummy(objective, train), name="linear", title=title)
    columns = Columns.fit(train.x)
    train = TrainRows(columns.transform(train.x), train.y, train.groups, train.weight)
    train = balanced(train) if objective.balanced else train
    fitted = logistic(train, choose_strength(train, seed))
    return Baseline(
        "linear",
        title,
        lambda x: probabilities(fitted, columns.transform(x), len(objective.classes)),
    )


def _linear_regression(
    title: str, train: TrainRows, seed: int, transform: TargetTransform | None
) -> Baseline:
    """Ridge on the scale that the model is fitted on, too.

    On a log scale a row far outside train would come back as an exploding number; it is kept
    within the range of the train target, so that the rival is a strong one.
    """
    columns = Columns.fit(train.x)
    y = train.y.astype(np.float64) if transform is None else transform.forward(train.y)
    train = TrainRows(columns.transform(train.x), y, train.groups, train.weight)
    fitted = ridge(train, choose_penalty(train, seed))

    def predict(x: NDArray[Any]) -> Numbers:
        values = np.asarray(fitted.predict(columns.transform(x)), dtype=np.float64)
        if transform is None:
            return values
        return transform.inverse(np.clip(values, y.min(), y.max()))

    return Baseline("linear", title, predict)
