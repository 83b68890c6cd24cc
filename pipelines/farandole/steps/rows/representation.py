"""How rows become network inputs: pretrained features, pixels, or encoded columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from farandole.api import ImageInput, Recipe, TableFeatures
from farandole.api.progress import Progress
from farandole.data.encoder import Encoder
from farandole.data.pictures import pictures_of
from farandole.data.prepare import Prepared
from farandole.data.store import Store
from farandole.steps.place import Place

STORED = 2 * 2**30
"""Bytes of pixels, of all splits together, up to which they are decoded once and stored.

Beyond it every epoch decodes them again: the arrays would not stay in the memory of a small node,
and would be read from disk at the price of the encoded pictures (decision 11).
"""
CHUNK = 256  # pictures decoded between two lines of progress


class Representation(Protocol):
    """Rows of a split as `x` [copies, rows, ...]."""

    @property
    def computed(self) -> int:
        """Return how many rows were computed, not found."""
        ...

    def rows(self, split: str) -> NDArray[Any]:
        """Return the inputs of one split."""
        ...

    def description(self) -> dict[str, Any]:
        """Return what a reader of the arrays must know, as JSON."""
        ...


def representation_of(
    recipe: Recipe, prepared: Prepared, store: Store, place: Place, progress: Progress
) -> Representation:
    """Choose the representation that the recipe declares."""
    if prepared.manifest.kind == "table":
        return EncodedColumns(prepared, table_features(recipe))
    if recipe.network.image is not None:
        return Pixels(prepared, recipe.network.image, progress)
    from farandole.steps.rows.pretrained_features import PretrainedFeatures

    return PretrainedFeatures.of(recipe, prepared, store, place, progress)


def table_features(recipe: Recipe) -> TableFeatures:
    """Return the declared encoding of a table, or the default one."""
    return recipe.features.table


@dataclass
class Pixels:
    """Pictures at the network's own size: uint8 [1, rows, height, width, channels].

    Decoded once when all of them are at most `stored` bytes. Else the arrays have no rows, and
    whoever opens them gets pictures that are decoded when they are taken.
    """

    prepared: Prepared
    image: ImageInput
    progress: Progress
    computed: int = 0
    stored: int = STORED

    def rows(self, split: str) -> NDArray[Any]:
        """Return the pixels of one split; no rows when they are not stored."""
        pictures = pictures_of(self.prepared, split, self._size)
        if not self._are_stored:
            return np.empty((1, 0, *self._size), np.uint8)
        x = np.empty(pictures.shape, np.uint8)
        for start in range(0, x.shape[1], CHUNK):
            x[0, start : start + CHUNK] = pictures[0][start : start + CHUNK]
            done = min(start + CHUNK, x.shape[1])
            self.progress.update(f"{split}: pixels", done, x.shape[1], "images")
        self.computed += x.shape[1]
        return x

    def description(self) -> dict[str, Any]:
        """Return the size of the pictures, and whether they are stored."""
        names = dict(zip(("height", "width", "channels"), self._size, strict=True))
        shape = list(self._size)
        return {"kind": "pixels", "inputShape": shape, "stored": self._are_stored, **names}

    @property
    def _size(self) -> tuple[int, int, int]:
        return self.image.height, self.image.width, self.image.channels

    @property
    def _are_stored(self) -> bool:
        rows = sum(split.rows for split in self.prepared.manifest.splits.values())
        return rows * prod(self._size) <= self.stored


@dataclass
class EncodedColumns:
    """Columns encoded by what train rows alone have taught: float32 [1, rows, width]."""

    prepared: Prepared
    settings: TableFeatures
    computed: int = 0

    @cached_property
    def encoder(self) -> Encoder:
        """Return the encoder, fitted on train rows."""
        return fit_encoder(self.prepared, self.prepared.table("train"), self.settings)

    def rows(self, split: str) -> NDArray[Any]:
        """Return the encoded columns of one split."""
        frame = self.prepared.table(split)
        self.computed += len(frame)
        return self.encoder.transform(frame)[None]

    def description(self) -> dict[str, Any]:
        """Return the fitted encoder."""
        return {
            "kind": "table",
            "inputShape": [self.encoder.width],
            "encoder": self.encoder.to_json(),
        }


def fit_encoder(prepared: Prepared, frame: Any, settings: TableFeatures) -> Encoder:
    """Fit an encoder on the rows of `frame`, a part of the prepared table."""
    kinds = {name: column.kind for name, column in prepared.manifest.columns.items() if column.used}
    return Encoder.fit(frame, kinds, settings.impute, settings.standardise, settings.one_hot_up_to)
