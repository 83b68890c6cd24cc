"""Small pictures and folders of them, for tests."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image


def picture(seed: int, size: int = 16, kind: str = "PNG") -> bytes:
    """Encode a smooth random picture: another seed is another picture, also to the eye."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    image = Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files below a folder, making folders as needed."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def class_folders(folder: Path, counts: dict[str, int], seed: int = 0) -> Path:
    """Write `counts[class]` different pictures into a folder a class."""
    numbers = iter(range(seed * 10_000, seed * 10_000 + sum(counts.values())))
    return write(
        folder,
        {
            f"{name}/{number:04d}.png": picture(next(numbers))
            for name, count in counts.items()
            for number in range(count)
        },
    )


def idx(array: np.ndarray) -> bytes:
    """Encode unsigned bytes as an IDX file."""
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes((0, 0, 8, array.ndim)) + sizes + array.astype(np.uint8).tobytes()
