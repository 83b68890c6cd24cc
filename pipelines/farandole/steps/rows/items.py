"""The images that a pretrained network looks at: pictures, and altered copies of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from farandole.api.errors import DataError
from farandole.data.augment import augmented
from farandole.data.decode import Undecodable, picture, resized
from farandole.data.prepare import Prepared
from farandole.steps.rows.arrays import ANY_SIZE


class Item(NamedTuple):
    """One image: a copy of the picture at a position of a split, and its key in the caches."""

    split: str
    position: int
    copy: int
    key: str


def pictures(prepared: Prepared, items: Sequence[Item]) -> Iterator[tuple[Item, Image.Image]]:
    """Yield items with their pictures, decoded; copies that follow each other are decoded once.

    Raises DataError for a record that is damaged, or that Pillow can read no more.
    """
    last: tuple[str, int] | None = None
    for item in items:
        if (item.split, item.position) != last:
            last = item.split, item.position
            image = _decoded(prepared, item)
        yield item, image


def pixels_of(
    prepared: Prepared, item: Item, image: Image.Image, height: int, width: int, flip: bool
) -> NDArray[np.uint8]:
    """Return the pixels [height, width, 3] of an item: the picture as `decode` gives it, altered.

    `flip` says whether copies are mirrored.
    """
    digest = prepared.rows(item.split)[item.position].digest
    return augmented(resized(image, height, width), digest, item.copy, flip)


def _decoded(prepared: Prepared, item: Item) -> Image.Image:
    try:
        return picture(prepared.content(item.split, item.position), ANY_SIZE)
    except Undecodable as error:
        path = prepared.rows(item.split)[item.position].path
        raise DataError(
            f"{path}: {error.reason}, though it could be decoded when the data were prepared;"
            " the installed Pillow reads fewer formats now: install the one that uv.lock names"
        ) from error
