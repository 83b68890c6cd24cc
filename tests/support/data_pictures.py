"""Small pictures and folders of them, for tests."""

from __future__ import annotations

import io
from pathlib import Path
from zlib import compress, crc32

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image


def picture(seed: int, size: int = 16, kind: str = "PNG") -> bytes:
    """Encode a smooth random picture: another seed is another picture, also to the eye."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    image = Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def bomb(side: int = 20_000) -> bytes:
    """Encode a PNG of a few bytes that claims to hold `side` x `side` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        length, checksum = len(data), crc32(kind + data)
        return length.to_bytes(4, "big") + kind + data + checksum.to_bytes(4, "big")

    size = side.to_bytes(4, "big")
    header = chunk(b"IHDR", size + size + bytes((8, 2, 0, 0, 0)))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", compress(b"")) + chunk(b"IEND", b"")


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files below a folder, making folders as needed."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def recompressed(content: bytes, size: int = 48) -> bytes:
    """Encode a picture again as a JPEG of another size."""
    out = io.BytesIO()
    Image.open(io.BytesIO(content)).resize((size, size)).save(out, "JPEG", quality=90)
    return out.getvalue()


def class_folders(folder: Path, counts: dict[str, int], seed: int = 0) -> Path:
    """Write `counts[class]` different pictures into a folder a class."""
    names = [f"{name}/{number:04d}.png" for name in counts for number in range(counts[name])]
    return write(folder, {name: picture(crc32(f"{seed}/{name}".encode())) for name in names})


def idx(values: ArrayLike) -> bytes:
    """Encode unsigned bytes as an IDX file."""
    array = np.asarray(values)
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes((0, 0, 8, array.ndim)) + sizes + array.astype(np.uint8).tobytes()
