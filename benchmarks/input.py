"""Input: our lanes against hand-written tf.data over the same TFRecord files.

Ours gathers records by memory map, in the order of the lanes, by `Feed.shares`; the peer reads the
files in parallel, shuffles in a buffer, parses, batches and prefetches, all with AUTOTUNE. Both end
in a tensor [batch, ...] and both are measured in their steady state. Decoding is measured on one
core. The files are in the page cache.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from figures import Figure, interleaved, publish
from records import Bytes, Numbers, jpegs, noise, paths_of, prepared_of

from farandole.data.pictures import pictures_of
from farandole.data.prepared import CONTENT, Prepared
from farandole.ring.feed import Feed
from farandole.ring.lanes import Lanes
from farandole.ring.learner import Rows

RECORD = 114_660  # bytes: the mean of ImageNet's records, as MLPerf Storage has it
WIDTH = 1280  # numbers of a feature row
SIDE = 224
PICTURES = 430  # two of each stamp
SHIFT = 22  # pixels: a tenth of 224, our augmentation's largest shift
PAIRS = 7
WARM = 0.5  # seconds until a pipeline is measured: AUTOTUNE settles
SECONDS = 0.6  # of one measurement
SPECIFICATION = {CONTENT: tf.io.FixedLenFeature([], tf.string)}

Step = Callable[[tf.Tensor], tf.Tensor]


def feed_of(x: Any, batch: int) -> Feed:
    """Return all lanes of rows that have no label worth naming."""
    count = x.shape[1]
    rows = Rows(x, np.zeros(count, np.int64), np.ones(count, np.float32), range(count))
    return Feed(rows, Lanes(count, batch, 16), tuple(range(16)), seed=7)


def peer_of(prepared: Prepared, batch: int, buffer: int, turned: Step, skip: int = 0) -> Any:
    """Return the pipeline that one would write by hand; `turned` makes a batch of bytes dense."""
    files = tf.data.Dataset.from_tensor_slices(paths_of(prepared))
    records = files.interleave(
        tf.data.TFRecordDataset, num_parallel_calls=tf.data.AUTOTUNE, deterministic=False
    )
    shuffled = records.shuffle(buffer, seed=7).repeat().skip(skip)
    batches = shuffled.batch(batch, drop_remainder=True)
    parsed = batches.map(
        lambda some: turned(tf.io.parse_example(some, SPECIFICATION)[CONTENT]), tf.data.AUTOTUNE
    )
    return parsed.prefetch(tf.data.AUTOTUNE)


def speed(opened: Callable[[], AbstractContextManager[Iterator[Any]]]) -> Callable[[], float]:
    """Return a measure of the batches a second of a pipeline in its steady state.

    It is opened anew each time and closed after it: one that lives on would fill its buffers while
    the other is measured, and deliver them when its own turn comes.
    """

    def measure() -> float:
        with opened() as batches:
            taken_for(batches, WARM)
            start = perf_counter()
            taken = taken_for(batches, SECONDS)
            return taken / (perf_counter() - start)

    return measure


def taken_for(batches: Iterator[Any], seconds: float) -> int:
    """Take batches for some seconds; return how many."""
    taken, start = 0, perf_counter()
    while perf_counter() - start < seconds:
        next(batches)
        taken += 1
    return taken


def compared(feed: Feed, peer: Any, batch: int) -> tuple[list[float], list[float]]:
    """Measure examples/s of both."""
    mine, other = interleaved(
        speed(lambda: tensors(feed)), speed(lambda: nullcontext(iter(peer))), PAIRS
    )
    return [batch * each for each in mine], [batch * each for each in other]


@contextmanager
def tensors(feed: Feed) -> Iterator[Iterator[Any]]:
    """Give our batches as a training takes them: tensors, made where they were gathered."""
    with feed.shares(0, None, lambda share: replace(share, x=tf.constant(share.x))) as shares:
        yield (share.x for share in shares)


def bytes_figure(prepared: Prepared) -> Figure:
    """Compare reading records of 114,660 bytes without decoding them."""
    batch = 64
    peer = peer_of(prepared, batch, 1024, as_bytes)
    ours, theirs = compared(feed_of(Bytes(prepared, RECORD), batch), peer, batch)
    name = "records of 114,660 bytes, not decoded"
    return Figure(name, "examples/s", ours, theirs, "tf.data", ">= 0.95", "batch 64")


def features_figure(prepared: Prepared) -> Figure:
    """Compare reading rows of 1,280 features from the same files."""
    batch = 64
    peer = peer_of(prepared, batch, 8192, as_numbers)
    ours, theirs = compared(feed_of(Numbers(prepared, WIDTH), batch), peer, batch)
    name = "rows of 1,280 features from TFRecord"
    return Figure(name, "examples/s", ours, theirs, "tf.data", ">= 0.95", "batch 64")


def arrays_figure(prepared: Prepared, folder: Path) -> Figure:
    """Compare the flat array that training reads with the peer over TFRecord of the same rows."""
    batch, whole = 64, np.arange(len(prepared.rows("train")))
    np.save(folder / "x.npy", Numbers(prepared, WIDTH)[whole, whole][None])
    mapped = np.load(folder / "x.npy", mmap_mode="r")
    peer = peer_of(prepared, batch, 8192, as_numbers)
    ours, theirs = compared(feed_of(mapped, batch), peer, batch)
    name = "rows of 1,280 features as training reads them"
    return Figure(name, "examples/s", ours, theirs, "tf.data", "", "flat array; batch 64")


def as_bytes(some: tf.Tensor) -> tf.Tensor:
    """Return records [batch] as uint8 [batch, length]."""
    return tf.io.decode_raw(some, tf.uint8)


def as_numbers(some: tf.Tensor) -> tf.Tensor:
    """Return records [batch] as float32 [batch, width]."""
    return tf.io.decode_raw(some, tf.float32)


def decoding(antialias: bool) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return the peer's decoding of one picture: resize, mirror, shift."""

    def decode(content: tf.Tensor) -> tf.Tensor:
        whole = tf.io.decode_jpeg(content, channels=3)
        small = tf.image.resize(whole, (SIDE, SIDE), antialias=antialias)
        mirrored = tf.image.random_flip_left_right(tf.cast(small, tf.uint8))
        padded = tf.pad(mirrored, [[SHIFT, SHIFT], [SHIFT, SHIFT], [0, 0]], "SYMMETRIC")
        return tf.image.random_crop(padded, (SIDE, SIDE, 3))

    return decode


def decoded_peer(prepared: Prepared, batch: int, antialias: bool) -> Any:
    """Return the hand-written pipeline that decodes each picture by itself, in parallel."""
    files = tf.data.Dataset.from_tensor_slices(paths_of(prepared))
    records = files.interleave(tf.data.TFRecordDataset, num_parallel_calls=tf.data.AUTOTUNE)
    parsed = (
        records.shuffle(256)
        .repeat()
        .map(
            lambda one: decoding(antialias)(
                tf.io.parse_single_example(one, SPECIFICATION)[CONTENT]
            ),
            tf.data.AUTOTUNE,
            deterministic=False,
        )
    )
    return parsed.batch(batch).prefetch(tf.data.AUTOTUNE)


def decode_figures(prepared: Prepared, rules: Sequence[bool] = (True, False)) -> list[Figure]:
    """Compare images/s on the cores that this process has; a rule says whether peers antialias."""
    batch, cores = 32, len(os.sched_getaffinity(0))
    mean = median(row.bytes for row in prepared.rows("train"))
    unit = f"images/s on {cores} core" + "s" * (cores > 1)
    figures = []
    for antialias in rules:
        feed = feed_of(pictures_of(prepared, "train", (SIDE, SIDE, 3), 8, True), batch)
        peer = decoded_peer(prepared, batch, antialias)
        ours, theirs = compared(feed, peer, batch)
        rule = "the same antialiased resize" if antialias else "resize without antialiasing"
        name = f"JPEG decode, resize to 224, mirror, shift: peer with {rule}"
        note = f"500 x 375, {mean / 1000:.0f} KB"
        figures.append(Figure(name, unit, ours, theirs, "tf.data", "", note))
    return figures


def resume_figure(prepared: Prepared) -> Figure:
    """Compare the seconds from opening to the first batch of step 48 of an epoch of 64."""
    batch, step = 64, 48
    x = Bytes(prepared, RECORD)
    uninterrupted = feed_of(x, batch)
    with uninterrupted.shares(0) as shares:
        expected = next(islice(shares, step, None)).positions.tolist()

    def ours() -> float:
        start = perf_counter()
        with feed_of(x, batch).shares(step) as shares:
            share = next(shares)
        took = perf_counter() - start
        if share.positions.tolist() != expected:
            raise SystemExit("resumed rows differ from those of the uninterrupted run")
        return took

    def peer() -> float:
        start = perf_counter()
        next(iter(peer_of(prepared, batch, 1024, as_bytes, step * batch)))
        return perf_counter() - start

    mine, theirs = interleaved(ours, peer, PAIRS)
    note = "ours: the very same rows, asserted; the peer's order is exact only when deterministic"
    name = "first batch after resuming at step 48 of an epoch"
    return Figure(name, "s", mine, theirs, "skip(n)", "", note, higher=False)


def pinned(core: int) -> None:
    """Keep this process, and TensorFlow's threads in it, on one core."""
    os.sched_setaffinity(0, {core})


def on_one_core(prepared: Prepared) -> list[Figure]:
    """Measure decoding in a process of its own, pinned before TensorFlow counts the cores."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, initializer=pinned, initargs=(0,)) as pool:
        return pool.submit(decode_figures, prepared).result()


def figures_in(folder: Path) -> Iterator[Figure]:
    """Measure one claim after the other."""
    pictures = prepared_of(folder / "pictures", jpegs(PICTURES), PICTURES * 100_000)
    yield from on_one_core(pictures)
    yield from decode_figures(pictures, [True])
    rows = prepared_of(folder / "rows", noise(32_768, WIDTH * 4), 32_768 * WIDTH * 4)
    yield features_figure(rows)
    yield arrays_figure(rows, folder)
    large = prepared_of(folder / "large", noise(4096, RECORD), 4096 * RECORD)
    yield bytes_figure(large)
    yield resume_figure(large)


def main(publishes: bool) -> None:
    """Measure, print, write."""
    figures = []
    with tempfile.TemporaryDirectory() as name:
        for figure in figures_in(Path(name)):
            print(figure.row(), flush=True)
            figures.append(figure)
    if publishes:
        remarks = ["Everything lay in the page cache; both end in a tensor [batch, ...].", ""]
        publish("input", "Input", figures, remarks)


if __name__ == "__main__":
    main(publishes="--dry" not in sys.argv)
