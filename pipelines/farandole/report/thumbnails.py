"""Thumbnails small enough that a page of them is still a small page."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 112
_MOST = 12_000  # characters of base64, as sections.Thumbnail holds it
_QUALITIES = (82, 65, 45, 25)


def thumbnail(pixels: NDArray[np.uint8], side: int = SIDE) -> str:
    """A decoded picture [height, width, 1 or 3] as a JPEG in base64, its longer side `side`."""
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    encoded = (_encoded(picture, quality) for quality in _QUALITIES)
    return next(each for each in encoded if len(each) <= _MOST)


def _encoded(picture: Image.Image, quality: int) -> str:
    out = BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return base64.b64encode(out.getvalue()).decode("ascii")
