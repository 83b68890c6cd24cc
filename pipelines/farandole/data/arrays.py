"""Materialised arrays: one split as flat arrays that training reads by memory map."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from farandole.data.store import Store


def write_arrays(store: Store, prefix: str, split: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write each array of a split as `.npy`; complete only once `seal_arrays` was called."""
    for name, array in sorted(arrays.items()):
        content = io.BytesIO()
        np.save(content, array, allow_pickle=False)
        store.put(f"{prefix}/{split}/{name}.npy", content.getvalue())


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
