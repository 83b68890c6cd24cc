"""One rank of the ring benchmark: `ring_rank.py VARIANT RANK FOLDER`; windows of steps on command.

Every variant trains the same network on the same rows in the same order from the same weights. It
takes 50 steps, saves its weights, then takes as many steps as each line of standard input says,
and answers with the milliseconds of one. `ours` is the whole of `farandole.ring.fit`; the peers
are loops as one would write them by hand, over batches that already lie in memory.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import keras
import numpy as np
import tensorflow as tf
from networks import CLASSES, IMAGE, cnn

RANKS = 2
BATCH = 64  # a rank
COMPARED = 50  # steps after which all variants must have the same weights
RATE = 0.01


def rows() -> tuple[Any, Any]:
    """Return pictures [n, 32, 32, 3] and labels [n]: fifty steps of both ranks."""
    draw = np.random.default_rng(3)
    count = COMPARED * BATCH * RANKS
    x = draw.normal(size=(count, *IMAGE)).astype(np.float32)
    return x, draw.integers(0, CLASSES, count)


def ours(rank: int, folder: Path, reproducible: bool = False) -> None:
    """Train by `fit`: it asks before each step whether to stop, and that is where windows end."""
    from farandole.ring.connect import connect
    from farandole.ring.learner import Learner, Rows
    from farandole.ring.training import fit

    ring = connect()
    x, y = rows()
    model = cnn()
    learner = Learner(
        model=model,
        loss=lambda y, outputs: tf.nn.sparse_softmax_cross_entropy_with_logits(y, outputs),
        optimizer=keras.optimizers.SGD(RATE),
        schedule=lambda _: RATE,
    )
    weight = np.ones(len(y), np.float32)
    names = [str(number) for number in range(len(y))]
    windows = Windows(model, rank, folder)
    how = replace(settings(), reproducible=reproducible)
    fit(learner, Rows(x[None], y, weight, names), None, how, ring, stop=windows.step)


def settings() -> Any:
    """Return how `fit` is to train; the peers read the order of rows from it."""
    from farandole.ring.learner import Settings

    return Settings(global_batch=BATCH * RANKS, lanes=64, epochs=100_000, identity="benchmark")


def repeated(rank: int, folder: Path) -> None:
    """Train by `fit` with `reproducible: true`: deterministic kernels, one thread an operation."""
    from farandole.ring.determinism import make_deterministic

    make_deterministic()
    ours(rank, folder, reproducible=True)


class Windows:
    """Counts steps; when a window is over, answers and waits for the next."""

    def __init__(self, model: Any, rank: int, folder: Path) -> None:
        self._model = model
        self._save = folder / f"{rank}.npz"
        self._taken = -1
        self._left = COMPARED
        self._size = COMPARED
        self._began = time.perf_counter()

    def step(self) -> bool:
        """Say that a step begins; returns whether the program is to end."""
        self._taken += 1
        if self._taken == COMPARED:
            np.savez(self._save, *[np.asarray(v.numpy()) for v in self._model.trainable_variables])
        if self._left == 0:
            milliseconds = (time.perf_counter() - self._began) * 1000 / self._size
            print(json.dumps(milliseconds), flush=True)
            line = sys.stdin.readline()
            if not line:
                os._exit(0)
            self._size = self._left = int(line)
            self._began = time.perf_counter()
        self._left -= 1
        return False


def by_hand(rank: int, folder: Path, reduce: Callable[[list[Any]], list[Any]]) -> None:
    """Train by a plain loop over the batches of this rank, `reduce` being all that ranks do."""
    model, optimizer = cnn(), keras.optimizers.SGD(RATE)
    optimizer.build(model.trainable_variables)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator,unused-ignore]
    def train_step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply(reduce(gradients), model.trainable_variables)
        return value

    loop(Windows(model, rank, folder), batches(rank), train_step)


def loop(windows: Windows, order: Iterator[tuple[Any, Any]], train_step: Any) -> None:
    """Take steps until the program is ended."""
    for x, y in order:
        windows.step()
        train_step(x, y).numpy()


def batches(rank: int) -> Iterator[tuple[Any, Any]]:
    """Give the rank's batches in the order of the recipe, gathered beforehand, round and round."""
    from farandole.ring.lanes import Lanes, lanes_of

    x, y = rows()
    lanes, mine = Lanes(len(y), BATCH * RANKS, 64), lanes_of(rank, RANKS, 64)
    order = lanes.epoch(settings().seed, 0, mine)
    positions = [order.batch(step).positions for step in range(lanes.steps)]
    ready = [(tf.constant(x[at]), tf.constant(y[at])) for at in positions]
    while True:
        yield from ready


def alone(rank: int, folder: Path) -> None:
    """Train by hand with no other rank at all."""
    by_hand(rank, folder, lambda gradients: gradients)


def horovod(rank: int, folder: Path) -> None:
    """Train by hand with Horovod, one all-reduce a tensor, as its documentation shows."""
    from horovod import tensorflow as hvd

    hvd.init()
    by_hand(rank, folder, lambda each: [hvd.allreduce(g, op=hvd.Average) for g in each])


def grouped(rank: int, folder: Path) -> None:
    """Train by hand with Horovod, all gradients in one group."""
    from horovod import tensorflow as hvd

    hvd.init()
    by_hand(rank, folder, lambda each: hvd.grouped_allreduce(each, op=hvd.Average))


def memory(rank: int, folder: Path) -> None:
    """Train by hand over our own sum in shared memory: what of a step is the sum, what our loop."""
    from farandole.ring.connect import connect
    from farandole.ring.flat import sums

    ring = connect()
    by_hand(rank, folder, lambda each: [total / ring.size for total in sums(ring, each)])


def mirrored(rank: int, folder: Path) -> None:
    """Train by hand with tf.distribute's ring."""
    cluster = {"worker": json.loads(os.environ["WORKERS"])}
    os.environ["TF_CONFIG"] = json.dumps(
        {"cluster": cluster, "task": {"type": "worker", "index": rank}}
    )
    ring = tf.distribute.experimental.CommunicationImplementation.RING
    strategy = tf.distribute.MultiWorkerMirroredStrategy(
        communication_options=tf.distribute.experimental.CommunicationOptions(implementation=ring)
    )
    with strategy.scope():
        model, optimizer = cnn(), keras.optimizers.SGD(RATE)
        optimizer.build(model.trainable_variables)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def replica_step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        context = tf.distribute.get_replica_context()
        means = context.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)
        optimizer.apply(means, model.trainable_variables)
        return value

    @tf.function(autograph=False)  # type: ignore[untyped-decorator,unused-ignore]
    def train_step(x: Any, y: Any) -> Any:
        return strategy.run(replica_step, (x, y))

    def first(x: Any, y: Any) -> Any:
        return strategy.experimental_local_results(train_step(x, y))[0]

    loop(Windows(model, rank, folder), batches(rank), first)


VARIANTS: dict[str, Callable[[int, Path], None]] = {
    "ours": ours,
    "repeated": repeated,
    "alone": alone,
    "horovod": horovod,
    "grouped": grouped,
    "memory": memory,
    "mirrored": mirrored,
}


def main(variant: str, rank: int, folder: Path) -> None:
    """Pin this rank to a core of its own, and train."""
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[rank]})
    VARIANTS[variant](rank, folder)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
