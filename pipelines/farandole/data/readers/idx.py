"""Reads IDX pairs as the MNIST family ships them: `train-images-idx3-ubyte`, plain or gzipped.

The format: two zero bytes, the type (8: unsigned byte), the number of dimensions, each dimension
as a big-endian 32-bit integer, then the values, the last dimension running fastest.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod

import numpy as np
from numpy.typing import NDArray

from farandole.api.errors import DataError
from farandole.data.readers.listing import Entry, Listing, counted
from farandole.data.sources import Files, Found, Source

IMAGES = re.compile(r"(?P<name>[^/]+)-images[-.]idx[34]-ubyte(\.gz)?")
UNSIGNED_BYTE = 8


@dataclass(frozen=True)
class Pair:
    """The images and labels of one name, such as `train` or `t10k`."""

    name: str
    images: Found
    labels: Found


@dataclass(frozen=True)
class IdxSource:
    """The images of IDX pairs as files `<name>/<number>`, each read as a PGM or PPM picture.

    These formats are a header and the raw values: the same pixels always give the same bytes.
    """

    files: Source
    pairs: tuple[Pair, ...]

    @property
    def uri(self) -> str:
        """Where the IDX files are."""
        return self.files.uri

    def listing(self) -> tuple[Found, ...]:
        """List the IDX files themselves: they are what changes."""
        return self.files.listing()

    def read(self, path: str) -> bytes:
        """Read one image as a picture of its own."""
        name, number = path.rsplit("/", 1)
        pair = next(pair for pair in self.pairs if pair.name == name)
        return _picture(_array(self.files, pair.images)[int(number)])


def read_idx(source: Source, files: Files, given: Mapping[str, str] | None) -> Listing:
    """Read every pair; `given` maps split to the pair's name where the document says so."""
    there = {found.path: found for found in files}
    pairs = _pairs(source, there)
    _refuse_missing(source, pairs, given or {})
    splits = {name: split for split, name in (given or {}).items()}
    used = tuple(pair for pair in pairs if not given or pair.name in splits)
    pixels = IdxSource(source, used)
    entries = [entry for pair in used for entry in _entries(source, pair, splits.get(pair.name))]
    ours = {found.path for pair in used for found in (pair.images, pair.labels)}
    ignored = counted(path for path in there if path not in ours)
    return Listing(pixels, tuple(sorted(entries, key=_path)), ignored, (), _notices(used, given))


def _pairs(source: Source, files: Mapping[str, Found]) -> tuple[Pair, ...]:
    """Find the images among the files, and the labels beside each."""
    images = {match["name"]: path for path in files if (match := IMAGES.fullmatch(path))}
    return tuple(
        Pair(name, files[path], _labels(source, files, path)) for name, path in images.items()
    )


def _labels(source: Source, files: Mapping[str, Found], images: str) -> Found:
    plain = re.sub(r"-images([-.])idx[34]", r"-labels\1idx1", images.removesuffix(".gz"))
    there = [files[path] for path in (plain, f"{plain}.gz") if path in files]
    if not there:
        raise DataError(f"{source.uri}: expected {plain!r} (or .gz) beside {images!r}, found none")
    return there[0]


def _refuse_missing(source: Source, pairs: tuple[Pair, ...], given: Mapping[str, str]) -> None:
    names = [pair.name for pair in pairs]
    missing = [f"{split}: {name}" for split, name in given.items() if name not in names]
    if missing:
        raise DataError(
            f"{source.uri}: expected IDX files for data.split.given.folders {', '.join(missing)},"
            f" found the names {', '.join(names)}"
        )


def _entries(source: Source, pair: Pair, split: str | None) -> list[Entry]:
    labels = _array(source, pair.labels)
    images = _array(source, pair.images)
    if len(images) != len(labels):
        raise DataError(
            f"{source.uri}: expected as many labels as images, received {len(images)} in"
            f" {pair.images.path} and {len(labels)} in {pair.labels.path}"
        )
    return [
        Entry(f"{pair.name}/{number:06d}", str(label), given=split)
        for number, label in enumerate(labels.tolist())
    ]


def _notices(pairs: tuple[Pair, ...], given: Mapping[str, str] | None) -> tuple[str, ...]:
    if given or len(pairs) < 2:
        return ()
    names = ", ".join(pair.name for pair in pairs)
    return (
        f"The IDX files come in parts ({names}); they were pooled and split by hash."
        " data.split.given.folders keeps the parts.",
    )


@lru_cache(maxsize=8)
def _array(source: Source, found: Found) -> NDArray[np.uint8]:
    """Read one IDX file, once a process; a file that changes is another `found`."""
    content = source.read(found.path)
    if found.path.endswith(".gz"):
        content = _unzipped(source, found.path, content)
    return _parsed(f"{source.uri}/{found.path}", content)


def _unzipped(source: Source, path: str, content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{source.uri}/{path}: cannot be unzipped: {error}") from error


def _parsed(where: str, content: bytes) -> NDArray[np.uint8]:
    if len(content) < 4 or content[:3] != bytes((0, 0, UNSIGNED_BYTE)):
        raise DataError(f"{where}: expected an IDX file of unsigned bytes, found {content[:4]!r}")
    start = 4 + 4 * content[3]
    shape = [int(size) for size in np.frombuffer(content[4:start], ">u4")]
    if len(content) - start != prod(shape):
        raise DataError(
            f"{where}: expected {prod(shape)} values of shape {shape}, found"
            f" {len(content) - start}; the file is cut short or damaged"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _picture(image: NDArray[np.uint8]) -> bytes:
    height, width = image.shape[:2]
    kind = "P5" if image.ndim == 2 else "P6"
    return f"{kind}\n{width} {height}\n255\n".encode() + image.tobytes()


def _path(entry: Entry) -> str:
    return entry.path
