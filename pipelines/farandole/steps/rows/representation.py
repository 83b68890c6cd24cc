"""How rows become network inputs: pretrained features, pixels, or encoded columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from farandole.api import ImageInput, Recipe, TableFeatures
from farandole.api.progress import Progress
from farandole.data.encoder import Encoder
from farandole.data.prepare import Prepared
from farandole.data.store import Store
from farandole.steps.place import Place
from farandole.steps.rows.arrays import decoded


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
    """Pictures decoded once at the network's own size: uint8 [1, rows, height, width, channels]."""

    prepared: Prepared
    image: ImageInput
    progress: Progress
    computed: int = 0

    def rows(self, split: str) -> NDArray[Any]:
        """Return the pixels of one split."""
        total = len(self.prepared.rows(split))
        size = (self.image.height, self.image.width, self.image.channels)
        x = np.empty((1, total, *size), dtype=np.uint8)
        for done, picture in enumerate(decoded(self.prepared, split, range(total), *size)):
            x[0, done] = picture
            self.progress.update(f"{split}: pixels", done + 1, total, "images")
        self.computed += total
        return x

    def description(self) -> dict[str, Any]:
        """Return the size of the pictures."""
        shape = [self.image.height, self.image.width, self.image.channels]
        names = dict(zip(("height", "width", "channels"), shape, strict=True))
        return {"kind": "pixels", "inputShape": shape, **names}


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
