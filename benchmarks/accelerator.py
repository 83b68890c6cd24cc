"""Accelerator utilisation: does our input keep an emulated ResNet-50 busy?

As MLPerf Storage emulates it: records of ImageNet's mean size are read, not decoded, resized to
150,528 bytes a sample (224 x 224 x 3), and each batch then takes the step time that was measured
on the accelerator. Utilisation = emulated compute time / wall time, without the first step. The
figures are those of its workload files, `configs/dlio/workload/resnet50_h100.yaml` and
`resnet50_a100.yaml` of github.com/mlcommons/storage (v1.0, v2.0: record_length_bytes 114660.07,
record_length_bytes_resize 150528, batch_size 400, computation_time 0.224 s and 0.435 s, passing at
au 0.90), and `resnet50_v100.yaml` of its dlio_benchmark (batch_size 64, 0.195 s).

MLPerf Storage sleeps through the step. Here the accelerator is a process that spins on a core of
its own, so that the input has no more than the other core; `time.sleep` would leave it both.
The peer is tf.data over the same files, with the accelerator and the cores as ours has them.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from figures import Figure, interleaved, publish
from records import Bytes, noise, paths_of, prepared_of

from farandole.data.prepared import Prepared

RECORD = 114_660  # bytes of a record, read
SAMPLE = 150_528  # bytes of a sample, given to the accelerator
RECORDS = 4_800  # 550 MB
GOAL = ">= 0.95"
PAIRS = 3


@dataclass(frozen=True)
class Accelerator:
    """An accelerator's published step of ResNet-50."""

    name: str
    batch: int
    seconds: float
    steps: int

    @property
    def demand(self) -> float:
        """Samples a second that it takes."""
        return self.batch / self.seconds


ACCELERATORS = (
    Accelerator("V100", 64, 0.195, 24),
    Accelerator("A100", 400, 0.435, 11),
    Accelerator("H100", 400, 0.224, 20),
)
COLD = Accelerator("H100", 400, 0.224, RECORDS // 400 - 1)  # every record once


def spin(asked: Connection, core: int) -> None:
    """Be the accelerator: for each step that is asked for, keep one core busy for its seconds."""
    os.sched_setaffinity(0, {core})
    while (seconds := asked.recv()) is not None:
        end = perf_counter() + seconds
        while perf_counter() < end:
            pass
        asked.send(None)


@contextmanager
def accelerator(core: int) -> Iterator[Connection]:
    """Start the accelerator on a core of its own; it ends with the context."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=spin, args=(theirs, core))
    process.start()
    try:
        yield ours
    finally:
        ours.send(None)
        process.join()


def utilisation(
    device: Connection, kind: Accelerator, opened: Callable[[], AbstractContextManager[Any]]
) -> float:
    """Take steps on the device; the first one, which waits for the input to start, is left out."""
    with opened() as batches:
        step(device, kind, batches)
        start = perf_counter()
        for _ in range(kind.steps):
            step(device, kind, batches)
        wall = perf_counter() - start
    return kind.steps * kind.seconds / wall


def step(device: Connection, kind: Accelerator, batches: Iterator[Any]) -> None:
    """Take a batch, give it to the device, and wait until it has computed."""
    batch = next(batches)
    if tuple(batch.shape) != (kind.batch, SAMPLE):
        raise SystemExit(f"expected {(kind.batch, SAMPLE)}, received {tuple(batch.shape)}")
    device.send(kind.seconds)
    device.recv()


def figure(device: Connection, kind: Accelerator, prepared: Prepared, cold: bool) -> Figure:
    """Compare the utilisation that our lanes and tf.data reach; `cold`: from the disk."""
    import tensorflow as tf
    from input import feed_of, peer_of, tensors

    def resized(some: Any) -> Any:
        dense = tf.io.decode_raw(some, tf.uint8)
        return tf.pad(dense, [[0, 0], [0, SAMPLE - RECORD]])

    def ours() -> AbstractContextManager[Iterator[Any]]:
        own = Prepared(prepared.store, prepared.prefix, prepared.manifest)
        return tensors(feed_of(Bytes(own, SAMPLE), kind.batch))

    def theirs() -> AbstractContextManager[Iterator[Any]]:
        return nullcontext(iter(peer_of(prepared, kind.batch, 1024, resized)))

    def measure(opened: Callable[[], AbstractContextManager[Any]]) -> float:
        if cold:
            evict(paths_of(prepared))
        return utilisation(device, kind, opened)

    mine, other = interleaved(lambda: measure(ours), lambda: measure(theirs), PAIRS, 0)
    note = f"batch {kind.batch}, {kind.seconds} s a step, {kind.demand:,.0f} samples/s"
    name = f"emulated {kind.name}, {'from disk' if cold else 'page cache'}: utilisation"
    note = f"{note}; tf.data {median(other):.3f}"
    return Figure(name, "AU", mine, (), "", GOAL, note, details={"tf.data": other})


def evict(paths: list[str]) -> None:
    """Take the files out of the page cache; no memory map may hold them any more."""
    gc.collect()
    for path in paths:
        with Path(path).open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main(publishes: bool) -> None:
    """Measure, print, write."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("expected two cores, one of them for the accelerator to spin on")
    figures = []
    with tempfile.TemporaryDirectory() as name, accelerator(cores[-1]) as device:
        os.sched_setaffinity(0, set(cores[:-1]))  # before TensorFlow counts them
        prepared = prepared_of(Path(name) / "records", noise(RECORDS, RECORD), RECORDS * RECORD)
        for kind, cold in [*((each, False) for each in ACCELERATORS), (COLD, True)]:
            figures.append(figure(device, kind, prepared, cold))
            print(figures[-1].row(), flush=True)
        os.sched_setaffinity(0, set(cores))
    remarks = [
        "Emulated by a process that spins on one core; input, ours and the peer's, had the other "
        f"{len(cores) - 1}. The {RECORDS:,} records ({RECORDS * RECORD / 1e6:.0f} MB) lay in the "
        "page cache, where MLPerf Storage asks for five times the memory: the first three lines "
        "measure the input's own work. For the last one the files were put out of the page cache "
        "before each run, and read once (whatever holds the disk may still have cached them).",
        "",
    ]
    if publishes:
        publish("accelerator", "Accelerator utilisation, emulated ResNet-50", figures, remarks)


if __name__ == "__main__":
    main(publishes="--dry" not in sys.argv)
