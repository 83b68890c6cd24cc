"""Shards: TFRecord files with an offset index beside each, for random access by memory map.

A record is its length (8 bytes), the masked CRC-32C of the length, the data, the masked CRC-32C
of the data, little-endian. The index holds an int64 pair (offset of the data, its length) a
record. Rows are dealt round robin: the row at position p of a split lies in shard p mod S.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from farandole.api.errors import DataError

HEADER = 12  # bytes of length and its checksum before the data
FOOTER = 4  # bytes of checksum after the data
MASK = 0xA282EAD8

LARGEST = 128 * 2**20  # bytes a shard should stay below
MOST = 64  # shards of a split: lanes are at most 64 too, so each is read from whole shards


def shard_count(content_bytes: int) -> int:
    """Return the least power of two, at most 64, that keeps shards below 128 MB."""
    shards = 1
    while shards < MOST and content_bytes / shards > LARGEST:
        shards *= 2
    return shards


def dealt(rows: int, shard: int, shards: int) -> range:
    """Return the positions of a split that lie in one shard, in order."""
    return range(shard, rows, shards)


@dataclass(frozen=True)
class Written:
    """What was written of one shard: its index [rows, 2] int64 and its SHA-256."""

    index: NDArray[np.int64]
    sha256: str


def write_shard(path: Path, records: Iterable[bytes]) -> Written:
    """Write the records to one TFRecord file."""
    offsets: list[tuple[int, int]] = []
    digest = sha256()
    at = 0
    with path.open("wb") as out:
        for data in records:
            framed = _framed(data)
            out.write(framed)
            digest.update(framed)
            offsets.append((at + HEADER, len(data)))
            at += len(framed)
    return Written(np.array(offsets, "<i8").reshape(-1, 2), digest.hexdigest())


def index_bytes(index: NDArray[np.int64]) -> bytes:
    """Encode an index as it lies beside its shard."""
    return index.astype("<i8").tobytes()


class Shard:
    """One shard, opened for random access; safe to share between threads."""

    def __init__(self, path: Path, index: bytes) -> None:
        self.path = path
        self._index = np.frombuffer(index, "<i8").reshape(-1, 2)
        with path.open("rb") as file:
            self._map = _mapped(file)

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, number: int) -> bytes:
        """Return one record's data; raises DataError when its checksum does not agree."""
        start, length = self._index[number].tolist()
        end = start + length
        data = self._map[start:end]
        if self._map[end : end + FOOTER] != _masked(data):
            raise DataError(
                f"{self.path}: record {number} does not agree with its checksum; the shard is"
                " damaged: remove its folder and run again to prepare the data anew"
            )
        return data


def _mapped(file: BinaryIO) -> mmap.mmap | bytes:
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:  # an empty file cannot be mapped
        return b""


def _framed(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _masked(data: bytes) -> bytes:
    """Mask as TFRecord does: a checksum stored beside its own data makes a poor checksum."""
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + MASK) & 0xFFFFFFFF)
