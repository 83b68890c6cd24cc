"""What a model says about rows, and the rows it says it about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from farandole.api.errors import DataError

Numbers = NDArray[np.float64]
Labels = NDArray[np.int64]


class Evidence(BaseModel):
    """A measured figure or a decision: frozen, exact in its fields, and JSON-able."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class Predictions:
    """What one model says about n rows.

    `values` are probabilities [n, classes], or values [n] in the target's original units.
    `threshold` (binary only) turns the second class's probability into a label; an array [n]
    when rows were predicted by models of different folds, each with a threshold of its own.
    """

    values: Numbers
    threshold: float | Numbers | None = None

    @property
    def labels(self) -> Labels:
        """The predicted class of every row [n]: by threshold, else the most probable."""
        if self.threshold is not None:
            return np.asarray(self.values[:, 1] >= self.threshold, dtype=np.int64)
        return np.asarray(np.argmax(self.values, axis=1), dtype=np.int64)

    @property
    def probabilities(self) -> Numbers:
        """Class probabilities [n, classes] that sum to 1 in double precision, as metrics ask."""
        values = self.values.astype(np.float64)
        return np.asarray(values / values.sum(axis=1, keepdims=True))

    @property
    def finite(self) -> bool:
        """Whether every number is one."""
        return bool(np.isfinite(self.values).all())

    def take(self, rows: NDArray[np.bool_] | Labels) -> Predictions:
        """The predictions of some of the rows."""
        if isinstance(self.threshold, np.ndarray):
            return Predictions(self.values[rows], self.threshold[rows])
        return Predictions(self.values[rows], self.threshold)


@dataclass(frozen=True)
class HeldOut:
    """Rows that no fitted thing has seen.

    `y` holds class numbers [n] or target values [n] in original units; `groups` the duplicate
    cluster of each row, the unit of resampling; `weight` [n] the declared row weights.
    """

    y: NDArray[Any]
    groups: Sequence[str]
    weight: Numbers | None = None

    def __post_init__(self) -> None:
        """Refuse rows that do not line up."""
        sizes = {"y": len(self.y), "groups": len(self.groups)}
        if self.weight is not None:
            sizes["weight"] = len(self.weight)
        if len(set(sizes.values())) != 1 or not len(self.y):
            raise DataError(f"held-out rows: expected one length above 0, received {sizes}")

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.y)

    @property
    def clusters(self) -> int:
        """How many clusters of duplicates the rows fall into."""
        return len(set(self.groups))

    def take(self, rows: NDArray[np.bool_] | Labels) -> HeldOut:
        """Some of the rows."""
        groups = np.asarray(self.groups, dtype=object)[rows].tolist()
        return HeldOut(self.y[rows], groups, None if self.weight is None else self.weight[rows])
