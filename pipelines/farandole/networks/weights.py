"""Weights from a legacy `.pth` file, read without torch and without running what a pickle says."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from farandole.api.errors import DataError

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
Array = NDArray[Any]


@dataclass(frozen=True)
class Storage:
    """A named run of numbers that follows the pickles in the file."""

    key: str
    dtype: np.dtype[Any]
    count: int


@dataclass(frozen=True)
class View:
    """A tensor as the pickle describes it: a shape over part of a storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _view(
    storage: Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> View:
    return View(storage, offset, tuple(shape), tuple(strides))


# Everything a file of weights may name. The values are ours: nothing of the file is ever called.
_ALLOWED: Mapping[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _view,
    ("torch", "DoubleStorage"): np.dtype("<f8"),
    ("torch", "FloatStorage"): np.dtype("<f4"),
    ("torch", "HalfStorage"): np.dtype("<f2"),
    ("torch", "LongStorage"): np.dtype("<i8"),
    ("torch", "IntStorage"): np.dtype("<i4"),
}


class _Unpickler(pickle.Unpickler):
    """Knows tensors, storages and ordered dictionaries, and refuses every other name."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise DataError(
                f"expected a file of weights that names only tensors, received one that names "
                f"{module}.{name}; such a pickle could run any program: do not open it"
            ) from None

    def persistent_load(self, pid: Any) -> Storage:
        match pid:
            case ("storage", np.dtype() as dtype, str(key), str(), int(count), None):
                return Storage(key, dtype, count)
        raise DataError(f"expected the description of a storage, received {str(pid)[:80]}")


def read_weights(path: Path) -> dict[str, Array]:
    """Read a legacy `.pth` state dictionary as numpy arrays by name.

    Shapes are those of the file (convolutions are OIHW).
    Errors: DataError for a file that is torn, is no such file, or names anything but tensors.
    Source: the layout that torch wrote before 1.6 (magic, protocol, sizes, pickle, keys, storages).
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except Exception as error:  # bytes that are no pickle can raise nearly anything
        raise DataError(
            f"{path}: expected a legacy .pth file of weights, received what does not read as one "
            f"({error}); fetch the file again"
        ) from error


def _read(file: BinaryIO) -> dict[str, Array]:
    if (_load(file), _load(file)) != (MAGIC, PROTOCOL):
        raise DataError("expected the magic number of a legacy .pth file, received another")
    if not _load(file).get("little_endian"):
        raise DataError("expected little-endian numbers, received big-endian ones")
    views = _load(file)
    if not isinstance(views, dict) or not all(isinstance(v, View) for v in views.values()):
        raise DataError("expected a dictionary of tensors, received other values in it")
    storages = {v.storage.key: v.storage for v in views.values()}
    numbers = {key: _numbers(file, storages[key]) for key in _load(file)}
    return {name: _array(view, numbers[view.storage.key]) for name, view in views.items()}


def _load(file: BinaryIO) -> Any:
    return _Unpickler(file).load()


def _numbers(file: BinaryIO, storage: Storage) -> Array:
    count = int.from_bytes(file.read(8), "little")
    content = file.read(storage.count * storage.dtype.itemsize) if count == storage.count else b""
    if len(content) != storage.count * storage.dtype.itemsize:
        raise DataError(
            f"expected {storage.count} numbers in storage {storage.key}, received {count} "
            f"announced and {len(content)} bytes; the file is torn: fetch it again"
        )
    return np.frombuffer(content, storage.dtype)


def _array(view: View, numbers: Array) -> Array:
    last = view.offset + sum((n - 1) * s for n, s in zip(view.shape, view.strides, strict=True))
    least = min((view.offset, *view.shape, *view.strides), default=0)
    # With strides of 0 a few bytes could claim to be any number of values.
    if least < 0 or last >= numbers.size or prod(view.shape) > numbers.size:
        where = f"storage {view.storage.key} of {numbers.size} numbers"
        raise DataError(f"expected tensors inside {where}, received one of shape {view.shape}")
    steps = [s * numbers.itemsize for s in view.strides]
    return np.lib.stride_tricks.as_strided(numbers[view.offset :], view.shape, steps).copy()
