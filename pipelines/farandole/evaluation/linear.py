"""Linear models whose strength of regularisation is chosen on train rows alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from farandole.evaluation.folding import FOLDS, folds
from farandole.evaluation.predictions import Labels, Numbers

STRENGTHS = tuple(float(each) for each in np.logspace(-5, 2, 8))  # C of logistic regression
PENALTIES = tuple(float(each) for each in np.logspace(-3, 5, 17))  # alpha of ridge regression
ROWS_FOR_CHOICE = 2000  # C is chosen on at most so many rows: 40 fits on each choice
MOST_ROWS = 60_000  # a linear model gains little from more; memory and time grow with them
_ITERATIONS = 200


@dataclass(frozen=True)
class TrainRows:
    """The rows a linear model is fitted on: x [n, d], y [n], duplicate clusters, row weights."""

    x: Any
    y: Any
    groups: Sequence[str]
    weight: Numbers | None = None

    def take(self, rows: Any) -> TrainRows:
        """Some of the rows."""
        groups = np.asarray(self.groups, dtype=object)[rows].tolist()
        weight = None if self.weight is None else self.weight[rows]
        return TrainRows(self.x[rows], self.y[rows], groups, weight)


@dataclass(frozen=True)
class Columns:
    """Columns brought to mean 0 and variance 1, and turned onto the span of the train rows.

    With fewer rows than columns the turn loses nothing: an L2-regularised linear model lies in
    the span of its rows, and 150 numbers a row are fitted faster than 3,072.
    """

    scaler: Any
    turn: Any

    @classmethod
    def fit(cls, x: Any) -> Columns:
        """Learn the scale, and the span where it is the smaller side, from train rows [n, d]."""
        from sklearn.decomposition import PCA
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(_real(x))
        rows, width = x.shape
        if 2 * rows >= width or rows < 2:
            return cls(scaler, None)
        return cls(scaler, PCA(svd_solver="full").fit(scaler.transform(_real(x))))

    def transform(self, x: Any) -> Numbers:
        """The columns [n, d'] that the linear model reads."""
        scaled = self.scaler.transform(_real(x))
        return np.asarray(scaled if self.turn is None else self.turn.transform(scaled))


def at_most(limit: int, train: TrainRows, seed: int) -> TrainRows:
    """The rows, or `limit` of them drawn without regard to their order in the split."""
    rows = len(train.groups)
    if rows <= limit:
        return train
    drawn = np.random.default_rng(seed).choice(rows, limit, replace=False)
    return train.take(np.sort(drawn))


def balanced(train: TrainRows) -> TrainRows:
    """The same rows, weighted so that every class weighs alike and the mean weight stays."""
    from sklearn.utils.class_weight import compute_sample_weight

    weight = compute_sample_weight("balanced", train.y)
    own = weight if train.weight is None else weight * train.weight
    return TrainRows(train.x, train.y, train.groups, own)


def choose_strength(train: TrainRows, seed: int) -> float:
    """C of logistic regression: the least log loss over folds of train rows.

    The path goes from strong to weak regularisation and ends once the loss has risen twice in a
    row: the weakest models take most of the time and are the least likely.
    """
    some = at_most(ROWS_FOR_CHOICE, train, seed)
    paths = [_path(some.take(kept), some.take(held)) for kept, held in _splits(some, seed)]
    losses: list[float] = []
    for strength in STRENGTHS:
        losses.append(sum(loss(strength) for loss in paths))
        if len(losses) > 2 and losses[-1] > losses[-2] > losses[-3]:
            break
    return STRENGTHS[int(np.argmin(losses))]


def choose_penalty(train: TrainRows, seed: int) -> float:
    """Alpha of ridge regression: the least squared error over folds of train rows."""
    from sklearn.linear_model import RidgeCV

    some = at_most(ROWS_FOR_CHOICE, train, seed)
    splits = list(_splits(TrainRows(some.x, None, some.groups), seed))
    if not splits:
        return 1.0
    chosen = RidgeCV(PENALTIES, scoring="neg_mean_squared_error", cv=splits)
    return float(chosen.fit(some.x, some.y, sample_weight=some.weight).alpha_)


def logistic(train: TrainRows, strength: float) -> Any:
    """Logistic regression fitted on all of `train`."""
    return _fitted(_logistic(strength, tolerance=3e-4), train)


def ridge(train: TrainRows, penalty: float) -> Any:
    """Ridge regression fitted on all of `train`."""
    from sklearn.linear_model import Ridge

    return _fitted(Ridge(penalty), train)


def probabilities(fitted: Any, x: Numbers, classes: int) -> Numbers:
    """Class probabilities [n, classes]; a class without train rows has probability 0."""
    found = np.zeros((len(x), classes))
    found[:, fitted.classes_.astype(np.int64)] = fitted.predict_proba(x)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _real(x: Any) -> Any:
    """Raw pixels as float32 (a gigabyte of them is one), all else as float64."""
    return np.asarray(x, dtype=np.float32 if x.dtype == np.uint8 else np.float64)


def _logistic(strength: float, tolerance: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, tol=tolerance, max_iter=_ITERATIONS, warm_start=True)


def _fitted(model: Any, train: TrainRows) -> Any:
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():  # the last digits of a reference model decide nothing
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(train.x, train.y, sample_weight=train.weight)


def _path(kept: TrainRows, held: TrainRows) -> Callable[[float], float]:
    """The log loss on held rows as a function of C; each fit starts from the one before."""
    from sklearn.metrics import log_loss

    if len(np.unique(kept.y)) < 2:
        return lambda _: 0.0
    labels = np.arange(int(max(kept.y.max(), held.y.max())) + 1)
    model = _logistic(STRENGTHS[0], tolerance=1e-3)

    def loss(strength: float) -> float:
        said = probabilities(_fitted(model.set_params(C=strength), kept), held.x, len(labels))
        total = log_loss(held.y, said, labels=labels, sample_weight=held.weight, normalize=False)
        return float(total)

    return loss


def _splits(train: TrainRows, seed: int) -> Iterator[tuple[Labels, Labels]]:
    """(kept, held) row numbers of every fold that has both."""
    fold = folds(train.groups, None if train.y is None else train.y.tolist(), FOLDS, seed)
    for number in range(FOLDS):
        kept, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if len(kept) and len(held):
            yield kept, held
