"""Materialised arrays: one split as flat arrays that training reads by memory map."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from farandole.data.store import Store

LARGE = 64 * 2**20  # bytes


def write_arrays(store: Store, prefix: str, split: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write each array of a split as `.npy`; complete only once `seal_arrays` was called.

    Arrays above `LARGE` go through a file in the system's temporary folder, never through memory.
    """
    for name, array in sorted(arrays.items()):
        put = _put_file if array.nbytes > LARGE else _put
        put(store, f"{prefix}/{split}/{name}.npy", array)


def seal_arrays(store: Store, prefix: str, description: Mapping[str, Any]) -> None:
    """Write the description last: without it the arrays are absent."""
    store.put(f"{prefix}/arrays.json", json.dumps(description, sort_keys=True).encode())


def describe_arrays(store: Store, prefix: str) -> dict[str, Any] | None:
    """Return what `seal_arrays` wrote, or None when the arrays are not complete."""
    if not store.exists(f"{prefix}/arrays.json"):
        return None
    description: dict[str, Any] = json.loads(store.get(f"{prefix}/arrays.json"))
    return description


def open_array(store: Store, prefix: str, split: str, name: str) -> NDArray[Any]:
    """Return one array of a split, memory-mapped and read-only."""
    path = store.local(f"{prefix}/{split}/{name}.npy")
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def scratch_array(shape: Sequence[int], dtype: str) -> NDArray[Any]:
    """Return an array to fill: above `LARGE` a memory map of a file without a name, not memory."""
    if prod(shape) * np.dtype(dtype).itemsize <= LARGE:
        return np.empty(shape, dtype)
    with TemporaryFile() as file:
        return np.memmap(file, dtype, "w+", shape=tuple(shape))


def _put(store: Store, key: str, array: NDArray[Any]) -> None:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    store.put(key, content.getvalue())


def _put_file(store: Store, key: str, array: NDArray[Any]) -> None:
    with NamedTemporaryFile(suffix=".npy") as content:
        np.save(content, array, allow_pickle=False)
        content.flush()
        store.put_file(key, Path(content.name))
