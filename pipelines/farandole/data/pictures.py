"""Pictures of prepared rows that are decoded when they are taken, in the form of an array.

What an array of their pixels would hold, bit by bit, without the disk for it: records are read by
memory map, decoded and resized by the one rule, and altered by the one augmentation.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from farandole.api.errors import DataError
from farandole.data.augment import augmented
from farandole.data.decode import Undecodable, decode
from farandole.data.prepared import Prepared

SPLITS = ("train", "validation", "test")
ANY_SIZE = 2**31 - 1  # pixels; prepare has refused what the document's limit forbids

Index = NDArray[np.int64]
Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Pictures:
    """uint8 [copies, rows, height, width, channels]; copies after the first are altered.

    Row r is number `position[r]` of the split `SPLITS[split[r]]`. Taken as `x[copies, rows]` with
    two arrays of numbers, by one thread a core; `x[copy]` and `x[:, rows]` decode nothing yet.
    Taking raises DataError when a record is damaged. Safe to share between threads.
    """

    prepared: Prepared
    split: NDArray[np.int8]
    position: Index
    size: tuple[int, int, int]
    copies: int = 1
    flip: bool = False

    dtype: ClassVar[np.dtype[np.uint8]] = np.dtype(np.uint8)
    ndim: ClassVar[int] = 5

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that an array of all pixels would have."""
        return (self.copies, len(self.position), *self.size)

    @property
    def nbytes(self) -> int:
        """The bytes that an array of all pixels would have."""
        return self.copies * len(self.position) * int(np.prod(self.size))

    def __len__(self) -> int:
        """Return the number of copies, as of any array of this shape."""
        return self.copies

    def __getitem__(self, key: Any) -> Any:
        """Return pixels for `[copies, rows]`, one copy for `[copy]`, fewer rows for `[:, rows]`."""
        match key:
            case int() | np.integer():
                return OneCopy(self, range(self.copies)[key])
            case (slice(), rows) if key[0] == slice(None):
                return replace(self, split=self.split[rows], position=self.position[rows])
            case (copies, rows):
                return self._pixels(np.asarray(copies), np.asarray(rows))
        raise IndexError(
            f"pictures: expected [copy], [:, rows] or [copies, rows], received [{key!r}]"
        )

    def _pixels(self, copies: Index, rows: Index) -> Images:
        out = np.empty((len(rows), *self.size), np.uint8)

        def put(at: int) -> None:
            out[at] = self._one(int(copies[at]), int(rows[at]))

        _each(put, len(rows))
        return out

    def _one(self, copy: int, row: int) -> Images:
        split, position = SPLITS[self.split[row]], int(self.position[row])
        content = self.prepared.content(split, position)
        try:
            pixels = decode(content, *self.size, pixels=ANY_SIZE)
        except Undecodable as error:
            path = self.prepared.rows(split)[position].path
            raise DataError(
                f"{path}: {error.reason}, though it could be decoded when the data were prepared;"
                " the installed Pillow reads fewer formats now: install the one that uv.lock names"
            ) from error
        if copy == 0:
            return pixels
        return augmented(pixels, self.prepared.rows(split)[position].digest, copy, self.flip)


@dataclass(frozen=True)
class OneCopy:
    """One copy of some pictures: uint8 [rows, height, width, channels], decoded when taken."""

    pictures: Pictures
    copy: int

    dtype: ClassVar[np.dtype[np.uint8]] = np.dtype(np.uint8)
    ndim: ClassVar[int] = 4

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that an array of all pixels would have."""
        return self.pictures.shape[1:]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.pictures.position)

    def __getitem__(self, key: slice | Index) -> Images:
        """Return the pixels of a slice of rows, or of rows by their numbers."""
        rows = np.arange(len(self))[key]
        pixels: Images = self.pictures[np.full(len(rows), self.copy), rows]
        return pixels


def pictures_of(
    prepared: Prepared,
    split: str,
    size: tuple[int, int, int],
    copies: int = 1,
    flip: bool = False,
) -> Pictures:
    """Return all pictures of a split at `size` (height, width, channels); opens nothing yet."""
    rows = len(prepared.rows(split))
    number = np.full(rows, SPLITS.index(split), np.int8)
    return Pictures(prepared, number, np.arange(rows, dtype=np.int64), size, copies, flip)


def joined_pictures(parts: Sequence[Pictures]) -> Pictures:
    """Return the rows of several splits of the same data as one."""
    first = parts[0]
    looks = {(part.size, part.copies, part.flip) for part in parts}
    if len(looks) > 1 or any(part.prepared is not first.prepared for part in parts):
        raise ValueError(f"pictures: expected parts of the same data and size, received {looks}")
    return replace(
        first,
        split=np.concatenate([part.split for part in parts]),
        position=np.concatenate([part.position for part in parts]),
    )


def _each(work: Callable[[int], None], count: int) -> None:
    """Do `work` for each number below `count`, by one thread a core of this process.

    Pillow gives Python's lock away while it decodes and resizes, so threads do the work of cores.
    """
    threads = min(cores(), count)
    if threads < 2:
        for number in range(count):
            work(number)
        return
    with ThreadPoolExecutor(threads, "farandole-decode") as pool:
        for _ in pool.map(work, range(count)):
            pass


def cores() -> int:
    """Return how many cores this process may use: a pinned rank has fewer than the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
