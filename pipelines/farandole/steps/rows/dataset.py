"""Rows that models are fitted on and judged by, from one split or from all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from farandole.api import Recipe
from farandole.data.arrays import open_array
from farandole.data.encoder import TargetTransform
from farandole.data.pictures import Pictures, joined_pictures, pictures_of
from farandole.data.prepare import Prepared
from farandole.data.row import Row
from farandole.data.store import Store
from farandole.evaluation.predictions import HeldOut
from farandole.ring.learner import Rows
from farandole.steps.rows.arrays import target_transform
from farandole.steps.rows.representation import fit_encoder

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Dataset:
    """n rows: `x` [copies, n, ...], `y` [n] (class numbers, or transformed targets), `weight` [n].

    `x` is an array, or `Pictures` that are decoded when they are taken.
    `raw` [n, 32, 32, 3] and `measures` [n, 3] (width, height, bytes) are there for pictures,
    `frame` (n raw rows) for tables.
    """

    x: Any
    y: NDArray[Any]
    weight: NDArray[np.float32]
    rows: tuple[Row, ...]
    transform: TargetTransform
    raw: NDArray[np.uint8] | None = None
    measures: NDArray[np.float64] | None = None
    frame: Any = None

    @property
    def groups(self) -> tuple[str, ...]:
        """The duplicate cluster of each row."""
        return tuple(row.cluster for row in self.rows)

    def ring_rows(self) -> Rows:
        """Hand the rows to the ring."""
        return Rows(
            x=self.x, y=self.y, weight=self.weight, ids=tuple(row.digest for row in self.rows)
        )

    def held_out(self) -> HeldOut:
        """Return the truth in original units, for evaluation."""
        classes = np.issubdtype(self.y.dtype, np.integer)
        y = self.y if classes else self.transform.inverse(np.asarray(self.y, dtype=np.float64))
        return HeldOut(np.asarray(y), self.groups, np.asarray(self.weight, dtype=np.float64))

    def take(self, index: Index) -> Dataset:
        """Return some of the rows; all of them, in order, are not copied."""
        if np.array_equal(index, np.arange(len(self.rows))):
            return self
        return Dataset(
            x=self.x[:, index],
            y=self.y[index],
            weight=self.weight[index],
            rows=tuple(self.rows[at] for at in index),
            transform=self.transform,
            raw=None if self.raw is None else self.raw[index],
            measures=None if self.measures is None else self.measures[index],
            frame=None if self.frame is None else self.frame.iloc[index].reset_index(drop=True),
        )

    def encoded_by(self, prepared: Prepared, recipe: Recipe, fitted_on: Index) -> Dataset:
        """Return a table's rows encoded anew, by what `fitted_on` teaches; pictures stay."""
        if self.frame is None:
            return self
        encoder = fit_encoder(prepared, self.frame.iloc[fitted_on], recipe.features.table)
        return Dataset(**{**self.__dict__, "x": encoder.transform(self.frame)[None]})


def open_dataset(
    store: Store, arrays: str, prepared: Prepared, recipe: Recipe, split: str, whole: bool = False
) -> Dataset:
    """Open one split; `whole` also opens what baselines and folds need."""
    images = prepared.manifest.kind == "images"

    def extra(name: str) -> NDArray[Any] | None:
        return open_array(store, arrays, split, name) if whole and images else None

    return Dataset(
        x=_inputs(open_array(store, arrays, split, "x"), prepared, split),
        y=open_array(store, arrays, split, "y"),
        weight=open_array(store, arrays, split, "weight"),
        rows=tuple(prepared.rows(split)),
        transform=target_transform(recipe),
        raw=extra("raw"),
        measures=extra("measures"),
        frame=prepared.table(split) if whole and not images else None,
    )


def joined(parts: Sequence[Dataset]) -> Dataset:
    """Return the rows of several splits as one; a row without augmented copies repeats itself."""
    frames = [part.frame for part in parts if part.frame is not None]
    return Dataset(
        x=_joined_inputs([part.x for part in parts]),
        y=np.concatenate([part.y for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
        rows=tuple(row for part in parts for row in part.rows),
        transform=parts[0].transform,
        raw=_stacked([part.raw for part in parts]),
        measures=_stacked([part.measures for part in parts]),
        frame=_frames(frames),
    )


def _inputs(x: NDArray[Any], prepared: Prepared, split: str) -> Any:
    """Return the array, or pictures where it has no rows though the split has: none were stored."""
    stored = x.shape[1] or not prepared.rows(split)
    return x if stored else pictures_of(prepared, split, x.shape[2:])


def _joined_inputs(parts: Sequence[Any]) -> Any:
    if isinstance(parts[0], Pictures):
        return joined_pictures(parts)
    copies = max(x.shape[0] for x in parts)
    wide = [
        x if len(x) == copies else np.broadcast_to(x[:1], (copies, *x.shape[1:])) for x in parts
    ]
    return np.concatenate(wide, axis=1)


def _stacked(parts: Sequence[NDArray[Any] | None]) -> NDArray[Any] | None:
    present = [part for part in parts if part is not None]
    return np.concatenate(present) if present else None


def _frames(frames: Sequence[Any]) -> Any:
    if not frames:
        return None
    import pandas as pd

    return pd.concat(frames, ignore_index=True)
