"""Prepared data of a known size to measure input on: JPEGs of real pictures, and plain bytes.

The JPEGs are the sample stamps, enlarged to 500 x 375 over white with film grain added, so that
they take about 100 KB as photographs do: ImageNet's mean is 110 KB.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from farandole.data.example import encode_example
from farandole.data.folder_store import FolderStore
from farandole.data.manifest import Manifest, ShardManifest, Shares, SplitManifest
from farandole.data.prepared import CONTENT, Prepared
from farandole.data.row import Row
from farandole.data.shards import dealt, index_bytes, shard_count, write_shard
from farandole.data.writing import write_rows

STAMPS = Path(__file__).parents[1] / ".farandole/samples/stamps"
SIDES = (500, 375)  # width and height, the commonest of ImageNet
GRAIN = 22  # standard deviation of the film grain
QUALITY = 92


def jpegs(count: int) -> Iterator[bytes]:
    """Yield `count` JPEGs; a stamp comes again with another grain."""
    paths = sorted(STAMPS.rglob("*.png"))
    if not paths:
        raise SystemExit(f"{STAMPS}: expected the sample pictures; run `make samples` first")
    draw = np.random.default_rng(0)
    for number in range(count):
        yield _jpeg(paths[number % len(paths)], draw)


def noise(count: int, length: int) -> Iterator[bytes]:
    """Yield `count` records of random bytes: what MLPerf Storage's own generator writes."""
    draw = np.random.default_rng(0)
    return (draw.bytes(length) for _ in range(count))


def prepared_of(folder: Path, contents: Iterator[bytes], total: int) -> Prepared:
    """Write records as prepare does, into one train split; `total` bytes decide on the shards."""
    folder.mkdir(parents=True)
    store = FolderStore(folder / "store")
    shards = shard_count(total)
    held = list(contents)
    rows = [_row(number, content) for number, content in enumerate(held)]
    written = tuple(_shard(store, folder, held, shard, shards) for shard in range(shards))
    key = write_rows(store, "train", rows)
    split = SplitManifest(rows=len(rows), counts={}, shards=written, rows_key=key)
    shares = Shares(asked={}, got={})
    manifest = Manifest(
        kind="images", data_digest="", classes=(), splits={"train": split}, shares=shares
    )
    return Prepared(store, "", manifest)


def paths_of(prepared: Prepared) -> list[str]:
    """Return the TFRecord files, for a reader of another make."""
    shards = prepared.manifest.splits["train"].shards
    return [str(prepared.store.local(shard.key)) for shard in shards]


def _shard(
    store: FolderStore, folder: Path, held: Sequence[bytes], shard: int, shards: int
) -> ShardManifest:
    name = f"train/shard-{shard:05d}"
    scratch = folder / "scratch"
    records = [_example(held[position]) for position in dealt(len(held), shard, shards)]
    written = write_shard(scratch, records)
    store.put_file(f"{name}.tfrecord", scratch)
    store.put(f"{name}.index", index_bytes(written.index))
    scratch.unlink()
    return ShardManifest(
        key=f"{name}.tfrecord",
        index_key=f"{name}.index",
        rows=len(records),
        sha256=written.sha256,
    )


def _example(content: bytes) -> bytes:
    return encode_example({CONTENT: content, "image/class/label": 1})


def _row(number: int, content: bytes) -> Row:
    digest = sha256(content).hexdigest()
    return Row(path=f"{number}.jpg", digest=digest, cluster=digest, label="one", bytes=len(content))


def _jpeg(path: Path, draw: np.random.Generator) -> bytes:
    stamp = Image.open(path).convert("RGBA")
    paper = Image.new("RGB", stamp.size, "white")
    paper.paste(stamp, mask=stamp.getchannel("A"))
    large = np.asarray(paper.resize(SIDES, Image.Resampling.LANCZOS)).astype(np.int16)
    grain = draw.normal(0, GRAIN, large.shape).astype(np.int16)
    out = io.BytesIO()
    Image.fromarray((large + grain).clip(0, 255).astype(np.uint8)).save(
        out, "JPEG", quality=QUALITY
    )
    return out.getvalue()


class Bytes:
    """The records of a split as an array uint8 [1, rows, length], read when they are taken.

    Records may be shorter than `length`; the rest of a row is zeros.
    """

    dtype = np.dtype(np.uint8)
    ndim = 3

    def __init__(self, prepared: Prepared, length: int) -> None:
        self._prepared = prepared
        self.shape = (1, len(prepared.rows("train")), length)

    def __len__(self) -> int:
        """Return the number of copies."""
        return 1

    def __getitem__(self, key: tuple[NDArray[np.int64], NDArray[np.int64]]) -> NDArray[np.uint8]:
        """Return the records of `[copies, rows]`."""
        _, rows = key
        out = np.empty((len(rows), self.shape[2]), np.uint8)
        for row, position in zip(out, rows.tolist(), strict=True):
            content = np.frombuffer(self._prepared.content("train", position), np.uint8)
            row[: len(content)] = content
            row[len(content) :] = 0
        return out


class Numbers(Bytes):
    """Records that are float32 numbers: float32 [1, rows, width]."""

    dtype = np.dtype(np.float32)

    def __getitem__(self, key: Any) -> Any:
        """Return the numbers of `[copies, rows]`."""
        _, rows = key
        content = b"".join(self._prepared.content("train", row) for row in rows.tolist())
        return np.frombuffer(content, np.float32).reshape(len(rows), self.shape[2])
