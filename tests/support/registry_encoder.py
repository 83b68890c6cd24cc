"""A small stand-in for the standalone encoder module: two columns, log target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Encoder:
    """Centres `area`, missing ones at the mean; one slot for each known `town`."""

    mean: float
    towns: tuple[str, ...]

    @classmethod
    def from_json(cls, fitted: dict[str, Any]) -> Encoder:
        return cls(fitted["mean"], tuple(fitted["towns"]))

    def transform(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        area = pd.to_numeric(frame["area"], errors="coerce").fillna(self.mean) - self.mean
        slots = [frame["town"].astype(object).eq(town).astype(float) for town in self.towns]
        return np.stack([area, *slots], axis=1).astype(np.float32)


@dataclass(frozen=True)
class TargetTransform:
    """The logarithm and its inverse."""

    @classmethod
    def from_json(cls, fitted: dict[str, Any]) -> TargetTransform:
        assert fitted == {"log": {}}
        return cls()

    def inverse(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        inverted: NDArray[np.float64] = np.exp(values)
        return inverted
