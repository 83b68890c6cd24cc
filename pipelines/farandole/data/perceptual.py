"""What a picture looks like, small enough to compare with a hundred thousand others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from farandole.data.decode import resized

SIDE = 32  # pixels of the square that the cosine transform sees
FREQUENCIES = 8  # of them, the lowest in each direction make the 64 bits
THUMBNAIL = 16  # pixels of the square that confirms

LUMINANCE = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True, slots=True)
class Impression:
    """A 64-bit perceptual hash, a grey thumbnail (16 x 16 bytes), and mean R, G, B in 0..255.

    The hash is pHash: which of the 64 lowest frequencies of the picture lie above their median.
    Scaling, recompression and brightness change few of its bits.
    """

    bits: int
    thumbnail: bytes
    colour: tuple[float, float, float]


def impression(image: Image.Image) -> Impression:
    """Look at an RGB picture."""
    pixels = resized(image, SIDE, SIDE).astype(np.float64)
    grey = pixels @ LUMINANCE
    fold = SIDE // THUMBNAIL
    thumbnail = grey.reshape(THUMBNAIL, fold, THUMBNAIL, fold).mean(axis=(1, 3))
    red, green, blue = pixels.mean(axis=(0, 1)).tolist()
    return Impression(
        _bits(grey), np.rint(thumbnail).astype(np.uint8).tobytes(), (red, green, blue)
    )


def _bits(grey: NDArray[np.float64]) -> int:
    # Rounded: a flat picture's frequencies are rounding errors, and must not become random bits.
    frequencies = np.rint(_COSINES @ grey @ _COSINES.T).ravel()
    median = np.sort(frequencies[1:])[len(frequencies) // 2 - 1]  # of 63: brightness is left out
    above = frequencies > median
    return int.from_bytes(np.packbits(above).tobytes(), "big")


def _cosines() -> NDArray[np.float64]:
    """Return the lowest rows of the orthogonal discrete cosine transform (DCT-II)."""
    place, frequency = np.arange(SIDE), np.arange(FREQUENCIES)[:, None]
    rows: NDArray[np.float64] = np.cos(np.pi * (2 * place + 1) * frequency / (2 * SIDE))
    rows *= np.sqrt(2 / SIDE)
    return rows


_COSINES = _cosines()
