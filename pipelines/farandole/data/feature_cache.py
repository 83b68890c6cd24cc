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
    """One append: an array [len(keys), *shape] in a file of its own."""

    name: str
    keys: tuple[str, ...]


class FeatureCache:
    """Arrays of one shape and dtype by key, under `features/<featurizer digest>/`.

    An append writes its segment, then the segment's index: a torn append is invisible. A segment's
    name is the digest of its keys and content, so many writers may append at once, the same append
    twice is one, and a damaged segment is found by whoever first asks for its keys. Of two values
    for a key the one in the segment whose name sorts first counts.
    """

    def __init__(self, store: Store, digest: str, shape: Sequence[int], dtype: str) -> None:
        self._store = store
        self._prefix = f"features/{digest}"
        self._shape = tuple(shape)
        self._dtype = np.dtype(dtype).newbyteorder("<")
        self._read: set[str] = set()  # names whose indexes were read
        self._whole: dict[str, bool] = {}  # name -> whether its content agrees with it
        self._known: list[Segment] = []
        self._places: dict[str, tuple[int, int]] = {}  # key -> place in _known, row in the segment

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Return those keys, in their order and once each, that no finished append holds."""
        wanted = dict.fromkeys(keys)
        self._refresh()
        while damaged := self._damaged(wanted):
            self._forget(damaged)
        return [key for key in wanted if key not in self._places]

    def append(self, keys: Sequence[str], array: NDArray[Any]) -> None:
        """Add the features [len(keys), *shape] of new keys; raises DataError for another shape."""
        self._check(keys, array)
        if not len(keys):
            return
        content = np.ascontiguousarray(array, self._dtype)
        listed = "\n".join(keys).encode()
        name = _name(listed, content)
        header = {"form": FORM, "rows": len(keys), "shape": self._shape, "dtype": self._dtype.str}
        self._store.put(self._data_key(name), content.tobytes())
        self._store.put(self._index_key(name), json.dumps(header).encode() + b"\n" + listed)
        if self._whole.pop(name, True) is False:
            self._read.discard(name)

    def gather(self, keys: Sequence[str], out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the features [len(keys), *shape] in the order asked for; raises NotFound.

        They are written into `out`, such as a memory map, where it is given.
        """
        absent = self.missing(keys) if self._unsure(keys) else []
        if absent:
            raise NotFound(f"{self._store.uri}/{self._prefix}", absent[0])
        gathered = np.empty((len(keys), *self._shape), self._dtype) if out is None else out
        places = np.array([self._places[key] for key in keys], np.int64).reshape(-1, 2)
        by_place = np.lexsort((places[:, 1], places[:, 0]))
        for wanted in np.split(by_place, np.flatnonzero(np.diff(places[by_place, 0])) + 1):
            if len(wanted):
                segment = self._known[places[wanted[0], 0]]
                gathered[wanted] = self._map(segment)[places[wanted, 1]]
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

    def _unsure(self, keys: Iterable[str]) -> bool:
        """Say whether a key is not known, or lies where nobody has looked for damage."""
        if any(key not in self._places for key in keys):
            return True
        return any(not self._whole.get(segment.name) for segment in self._holding(keys))

    def _holding(self, keys: Iterable[str]) -> list[Segment]:
        numbers = {self._places[key][0] for key in keys if key in self._places}
        return [self._known[number] for number in sorted(numbers)]

    def _damaged(self, keys: Iterable[str]) -> set[str]:
        """Return the segments that hold any of the keys, and whose content is not what it was."""
        holding = self._holding(keys)
        for segment in holding:
            if segment.name not in self._whole:
                listed = "\n".join(segment.keys).encode()
                self._whole[segment.name] = _name(listed, self._map(segment)) == segment.name
        return {segment.name for segment in holding if not self._whole[segment.name]}

    def _forget(self, damaged: set[str]) -> None:
        """Take the damaged segments away; other segments may hold their keys as well."""
        left = [segment for segment in self._known if segment.name not in damaged]
        self._known, self._places = [], {}
        for segment in left:
            self._know(segment)

    def _refresh(self) -> None:
        """Read the indexes that were added since; a smaller name may be added later."""
        start = f"{self._prefix}/index/"
        names = [found.key.removeprefix(start) for found in self._store.list(start)]
        for name in names:
            if name not in self._read:
                self._add(name)

    def _add(self, name: str) -> None:
        header, *keys = self._store.get(self._index_key(name)).decode().split("\n")
        self._check_header(name, json.loads(header))
        segment = Segment(name, tuple(keys))
        found = self._store.stat(self._data_key(name))
        if found is not None and found.size == self._row_bytes * len(keys):
            self._read.add(name)
            self._know(segment)  # else its data were removed or damaged: compute them again

    def _know(self, segment: Segment) -> None:
        number = len(self._known)
        self._known.append(segment)
        for row, key in enumerate(segment.keys):
            held = self._places.get(key)
            if held is None or segment.name < self._known[held[0]].name:
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
        path = self._store.local(self._data_key(segment.name))
        return np.memmap(path, self._dtype, "r", shape=(len(segment.keys), *self._shape))

    @property
    def _row_bytes(self) -> int:
        return prod(self._shape) * self._dtype.itemsize

    def _data_key(self, name: str) -> str:
        return f"{self._prefix}/segments/{name}"

    def _index_key(self, name: str) -> str:
        return f"{self._prefix}/index/{name}"


def _name(listed: bytes, content: NDArray[Any]) -> str:
    digest = hashlib.sha256(listed + b"\n\n")
    digest.update(content.data)
    return digest.hexdigest()[:32]
