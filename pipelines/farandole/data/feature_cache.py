"""Features of rows, computed once: append-only segments and their indexes, read by memory map."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from farandole.api.errors import DataError
from farandole.data.store import NotFound, Store

FORM = 1  # of the index


@dataclass(frozen=True)
class Segment:
    """One append: an array [rows, *shape] in a file of its own."""

    key: str
    rows: int


class FeatureCache:
    """Arrays of one shape and dtype by key, under `features/<featurizer digest>/`.

    An append writes its segment, then the segment's index: a torn append is invisible. Names come
    from the content, so many writers may append at once, and the same append twice is one. Of two
    values for a key the one in the segment whose name sorts first counts.
    """

    def __init__(self, store: Store, digest: str, shape: Sequence[int], dtype: str) -> None:
        self._store = store
        self._prefix = f"features/{digest}"
        self._shape = tuple(shape)
        self._dtype = np.dtype(dtype).newbyteorder("<")
        self._segments: dict[str, int] = {}  # name -> place in _known
        self._known: list[Segment] = []
        self._places: dict[str, tuple[int, int]] = {}  # key -> place in _known, row in the segment

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Return those keys, in their order and once each, that no finished append holds."""
        self._refresh()
        return [key for key in dict.fromkeys(keys) if key not in self._places]

    def append(self, keys: Sequence[str], array: NDArray[Any]) -> None:
        """Add the features [len(keys), *shape] of new keys; raises DataError for another shape."""
        self._check(keys, array)
        if not len(keys):
            return
        content = np.ascontiguousarray(array, self._dtype).tobytes()
        listed = "\n".join(keys).encode()
        name = hashlib.sha256(listed + b"\n\n" + content).hexdigest()[:32]
        header = {"form": FORM, "rows": len(keys), "shape": self._shape, "dtype": self._dtype.str}
        self._store.put(self._data_key(name), content)
        self._store.put(self._index_key(name), json.dumps(header).encode() + b"\n" + listed)

    def gather(self, keys: Sequence[str]) -> NDArray[Any]:
        """Return the features [len(keys), *shape] in the order asked for; raises NotFound."""
        absent = self.missing(keys) if any(key not in self._places for key in keys) else []
        if absent:
            raise NotFound(f"{self._store.uri}/{self._prefix}", absent[0])
        places = np.array([self._places[key] for key in keys], np.int64).reshape(-1, 2)
        gathered = np.empty((len(keys), *self._shape), self._dtype)
        for number in np.unique(places[:, 0]):
            wanted = np.flatnonzero(places[:, 0] == number)
            gathered[wanted] = self._map(self._known[number])[places[wanted, 1]]
        return gathered

    def _check(self, keys: Sequence[str], array: NDArray[Any]) -> None:
        expected = (len(keys), *self._shape)
        if array.shape != expected or array.dtype != self._dtype:
            raise DataError(
                f"features: expected {self._dtype.name} {expected},"
                f" received {array.dtype.name} {array.shape}"
            )
        if len(set(keys)) < len(keys) or any("\n" in key or not key for key in keys):
            raise DataError("features: expected keys that differ, are not empty and have one line")

    def _refresh(self) -> None:
        """Read the indexes that were added since; a smaller name may be added later."""
        start = f"{self._prefix}/index/"
        names = [found.key.removeprefix(start) for found in self._store.list(start)]
        for name in names:
            if name not in self._segments:
                self._add(name)

    def _add(self, name: str) -> None:
        header, *keys = self._store.get(self._index_key(name)).decode().split("\n")
        self._check_header(name, json.loads(header))
        segment = Segment(self._data_key(name), len(keys))
        found = self._store.stat(segment.key)
        if found is None or found.size != self._row_bytes * segment.rows:
            return  # its data were removed or damaged: compute them again
        number = self._segments[name] = len(self._known)
        self._known.append(segment)
        for row, key in enumerate(keys):
            held = self._places.get(key)
            if held is None or segment.key < self._known[held[0]].key:
                self._places[key] = (number, row)

    def _check_header(self, name: str, header: dict[str, Any]) -> None:
        expected = {"form": FORM, "shape": list(self._shape), "dtype": self._dtype.str}
        received = {field: header.get(field) for field in expected}
        if received != expected:
            raise DataError(
                f"{self._store.uri}/{self._index_key(name)}: expected {expected}, received"
                f" {received}; another program wrote here: delete {self._prefix} and run again"
            )

    def _map(self, segment: Segment) -> NDArray[Any]:
        path = self._store.local(segment.key)
        return np.memmap(path, self._dtype, "r", shape=(segment.rows, *self._shape))

    @property
    def _row_bytes(self) -> int:
        return prod(self._shape) * self._dtype.itemsize

    def _data_key(self, name: str) -> str:
        return f"{self._prefix}/segments/{name}"

    def _index_key(self, name: str) -> str:
        return f"{self._prefix}/index/{name}"
