"""Prepared data, opened: its manifest, its rows, and random access to their content."""

from __future__ import annotations

import pandas as pd

from farandole.api.errors import DataError
from farandole.data.example import bytes_feature
from farandole.data.manifest import Manifest, SplitManifest
from farandole.data.row import Row, from_lines
from farandole.data.shards import Shard
from farandole.data.store import NotFound, Store

MANIFEST = "manifest.json"
CONTENT = "image/encoded"  # the feature of an Example that holds the file's own bytes


class Prepared:
    """Data below `prefix` of a store; what is read is kept, so it is opened once a process.

    A split is opened only when it is asked for: a process that may not see test rows can still
    hold this.
    """

    def __init__(self, store: Store, prefix: str, manifest: Manifest) -> None:
        self.store = store
        self.prefix = prefix
        self.manifest = manifest
        self._rows: dict[str, list[Row]] = {}
        self._shards: dict[str, list[Shard]] = {}

    def rows(self, split: str) -> list[Row]:
        """Return the rows of a split, in its order."""
        if split not in self._rows:
            self._rows[split] = from_lines(self.store.get(self._split(split).rows_key))
        return self._rows[split]

    def content(self, split: str, position: int) -> bytes:
        """Return the encoded image at a position of a split; raises DataError when damaged."""
        if split not in self._shards:
            self._shards[split] = self._opened(split)
        shards = self._shards[split]
        record = shards[position % len(shards)][position // len(shards)]
        return bytes_feature(record, CONTENT)

    def table(self, split: str) -> pd.DataFrame:
        """Return a split of a table, rows in its order, with `__digest` and `__cluster`."""
        key = self._split(split).table_key
        if key is None:
            raise DataError(f"{self.prefix}: expected a table, these are {self.manifest.kind}")
        return pd.read_parquet(self.store.local(key))

    def _opened(self, split: str) -> list[Shard]:
        return [
            Shard(self.store.local(shard.key), self.store.get(shard.index_key))
            for shard in self._split(split).shards
        ]

    def _split(self, split: str) -> SplitManifest:
        found = {str(name): each for name, each in self.manifest.splits.items()}.get(split)
        if found is None:
            raise DataError(
                f"{self.prefix}: expected train, validation or test, received {split!r}"
            )
        return found


def open_prepared(store: Store, prefix: str) -> Prepared:
    """Open data that was prepared; raises DataError when its manifest is not there."""
    try:
        content = store.get(f"{prefix}/{MANIFEST}")
    except NotFound as error:
        raise DataError(
            f"{store.uri}: expected prepared data at {prefix!r}, found no manifest;"
            " prepare it again"
        ) from error
    return Prepared(store, prefix, Manifest.model_validate_json(content))
