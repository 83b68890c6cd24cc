"""Augmented copies of a picture, each a pure function of the picture and the copy's number."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

LARGEST_SHIFT = 0.1  # of the height or width; beyond it small objects leave the picture


def augmented(pixels: NDArray[np.uint8], digest: str, copy: int, flip: bool) -> NDArray[np.uint8]:
    """Return copy number `copy` of `pixels` [height, width, channels]; copy 0 is the original.

    Copy 1 of a flipping augmentation is the mirror image; later copies are shifted too.
    """
    if copy == 0:
        return pixels
    if flip and copy % 2 == 1:
        pixels = pixels[:, ::-1]
    if flip and copy == 1:
        return pixels
    return _shifted(pixels, hashlib.sha256(f"{digest}/{copy}".encode()).digest())


def _shifted(pixels: NDArray[np.uint8], draw: bytes) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    down = _shift(draw[:4], height)
    right = _shift(draw[4:8], width)
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return pixels[rows][:, columns]


def _shift(draw: bytes, size: int) -> int:
    unit = int.from_bytes(draw, "big") / 2**32
    return round((2 * unit - 1) * LARGEST_SHIFT * size)
