"""Writes what was planned: shards, then rows, and the manifest last of all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from farandole.api.errors import DataError
from farandole.api.progress import Progress
from farandole.data.disk_errors import explained
from farandole.data.example import encode_example
from farandole.data.manifest import Manifest, ShardManifest
from farandole.data.prepared import CONTENT, MANIFEST
from farandole.data.row import Row, to_lines
from farandole.data.shards import dealt, index_bytes, shard_count, write_shard
from farandole.data.sources import Source
from farandole.data.store import Store


def write_rows(store: Store, folder: str, rows: Sequence[Row]) -> str:
    """Write the rows of a split; returns their key."""
    key = f"{folder}/rows.jsonl"
    store.put(key, to_lines(rows))
    return key


def write_manifest(store: Store, prefix: str, manifest: Manifest) -> None:
    """Write the manifest: with it the data below `prefix` are whole."""
    store.put(f"{prefix}/{MANIFEST}", manifest.model_dump_json(indent=1).encode())


def write_shards(
    store: Store,
    folder: str,
    source: Source,
    rows: Sequence[Row],
    classes: Sequence[str],
    progress: Progress,
) -> tuple[ShardManifest, ...]:
    """Write the images of a split as shards below `folder` of the store."""
    shards = shard_count(sum(row.bytes for row in rows))
    written = []
    for shard in range(shards):
        ours = [rows[position] for position in dealt(len(rows), shard, shards)]
        written.append(_write_shard(store, f"{folder}/shard-{shard:05d}", source, ours, classes))
        progress.update("write", sum(each.rows for each in written), len(rows), "images")
    return tuple(written)


def _write_shard(
    store: Store, name: str, source: Source, rows: Sequence[Row], classes: Sequence[str]
) -> ShardManifest:
    """Write one shard to a local file, then put it and its index into the store."""
    key, index_key = f"{name}.tfrecord", f"{name}.index"
    with tempfile.TemporaryDirectory(prefix="farandole-") as scratch:
        path = Path(scratch) / "shard"
        with explained(scratch, key):
            written = write_shard(path, _examples(source, rows, classes))
        store.put_file(key, path)
    store.put(index_key, index_bytes(written.index))
    return ShardManifest(key=key, index_key=index_key, rows=len(rows), sha256=written.sha256)


def _examples(source: Source, rows: Sequence[Row], classes: Sequence[str]) -> Iterator[bytes]:
    """Read each image again, and make sure that it is still the one that was planned with."""
    for row in rows:
        content = source.read(row.path)
        if sha256(content).hexdigest() != row.digest:
            raise DataError(
                f"{source.uri}: {row.path} changed while it was prepared;"
                " run again when nothing writes to the data"
            )
        yield encode_example(
            {
                CONTENT: content,
                "image/class/label": classes.index(str(row.label)),
                "image/class/text": str(row.label).encode(),
                "row/digest": row.digest.encode(),
            }
        )
