"""Held-out rows and models of known skill."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from farandole.evaluation import HeldOut, Predictions

Floats = NDArray[np.float64]


def alone(rows: int) -> list[str]:
    """Every row its own cluster."""
    return [f"row-{row:05d}" for row in range(rows)]


def labelled(y: Sequence[int], groups: Sequence[str] | None = None) -> HeldOut:
    return HeldOut(np.array(y, dtype=np.int64), groups or alone(len(y)))


def saying(labels: Sequence[int] | NDArray[np.int64], classes: int = 2) -> Predictions:
    """A model that is 90 % sure of these labels."""
    sure = np.full((len(labels), classes), 0.1 / (classes - 1))
    sure[np.arange(len(labels)), np.asarray(labels)] = 0.9
    return Predictions(sure)


def right_in(share: float, y: NDArray[np.int64], seed: int = 0, classes: int = 2) -> Predictions:
    """A model that is right in that share of rows, spread over them by chance."""
    wrong = np.random.default_rng(seed).random(len(y)) >= share
    return saying(np.where(wrong, (y + 1) % classes, y), classes)


def balanced_rows(rows: int, classes: int = 2) -> HeldOut:
    return labelled((np.arange(rows) % classes).tolist())


@st.composite
def classified(draw: st.DrawFn) -> tuple[HeldOut, Predictions]:
    """Rows of 2 to 4 classes, any of which may be missing, weighted or not, with probabilities."""
    classes, rows = draw(st.integers(2, 4)), draw(st.integers(2, 30))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    y = random.integers(0, draw(st.integers(1, classes)), rows)
    p = np.round(random.dirichlet(np.ones(classes), rows), 1) + 0.01  # coarse: ties happen
    weight = random.random(rows) + 0.1 if draw(st.booleans()) else None
    return HeldOut(y, alone(rows), weight), Predictions(p / p.sum(axis=1, keepdims=True))


@st.composite
def measured(draw: st.DrawFn) -> tuple[HeldOut, Predictions]:
    """Rows with a target value, and predicted values."""
    rows = draw(st.integers(2, 30))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    y = random.lognormal(10, 1, rows)
    weight = random.random(rows) + 0.1 if draw(st.booleans()) else None
    return HeldOut(y, alone(rows), weight), Predictions(y * random.normal(1, 0.3, rows))
