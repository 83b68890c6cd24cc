"""What our training loop costs a step, against two hand-written loops that train the same network.

The first peer is the loop that a practitioner writes with care: a compiled `train_step` with Keras
metrics over `tf.data` (`from_tensor_slices`, `shuffle`, `batch`, `prefetch`), gradients reduced by
`hvd.grouped_allreduce` where there is more than one rank; here there is one. The second is the
barest there is: batches that are tensors already, no input, no metrics, nothing kept.

Ours is `fit`, whole: lanes as the recipe's default has them, weights, exact metrics, the check for
numbers that are not finite, heartbeat, progress, and a validation of 32 rows after each epoch.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from figures import Figure, publish
from networks import CLASSES, FEATURES, IMAGE, cnn, mlp

from farandole.ring.collective import SingleProcess
from farandole.ring.learner import Learner, Rows, Settings
from farandole.ring.training import fit

BATCH = 64
RATE = 1e-3


@dataclass(frozen=True)
class Case:
    """A network and rows to train it on; `window` steps are timed at once, `pairs` times."""

    name: str
    network: Callable[[], Any]
    shape: tuple[int, ...]
    rows: int
    window: int
    pairs: int
    goal: str

    def data(self, rows: int) -> tuple[Any, Any]:
        """Return `rows` rows that look like pictures or features, and their classes."""
        draw = np.random.default_rng(1)
        x = draw.standard_normal((rows, *self.shape), np.float32)
        return x, draw.integers(0, CLASSES, rows)


CASES = (
    Case("MLP 1280-64-10", mlp, (FEATURES,), 256 * BATCH, 256, 40, "<= 1.10"),
    Case("CNN, 554,346 parameters", cnn, IMAGE, 64 * BATCH, 12, 20, "<= 1.02"),
)


def losses(y: Any, outputs: Any) -> Any:
    """Return the cross-entropy of each row."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(y, outputs)


def hits(y: Any, outputs: Any) -> Any:
    """Return whether each row's class is right."""
    return tf.equal(tf.argmax(outputs, axis=-1), y)


def learner(case: Case) -> Learner:
    """Return what `fit` trains: the network with Adam, cross-entropy and accuracy."""
    return Learner(
        case.network(),
        losses,
        keras.optimizers.Adam(RATE),
        schedule=lambda _: RATE,
        metrics={"accuracy": hits},
    )


def rows_of(x: Any, y: Any) -> Rows:
    """Return rows of weight 1 as `fit` takes them."""
    return Rows(x[None], y, np.ones(len(y), np.float32), [str(i) for i in range(len(y))])


def hand_written(case: Case) -> Iterator[None]:
    """Train step by step, as a practitioner writes it."""
    model, optimizer = case.network(), keras.optimizers.Adam(RATE)
    optimizer.build(model.trainable_variables)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    seen = keras.metrics.Mean()
    accuracy = keras.metrics.SparseCategoricalAccuracy()

    @tf.function  # type: ignore[untyped-decorator,unused-ignore]
    def train_step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            outputs = model(x, training=True)
            loss = loss_of(y, outputs)
        gradients = tape.gradient(loss, model.trainable_variables)
        # with ranks: gradients = hvd.grouped_allreduce(gradients)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        seen.update_state(loss)
        accuracy.update_state(y, outputs)
        return loss

    rows = tf.data.Dataset.from_tensor_slices(case.data(case.rows))
    batches = rows.shuffle(case.rows, seed=7).batch(BATCH).prefetch(tf.data.AUTOTUNE)
    while True:
        for x, y in batches:
            train_step(x, y)
            yield
        float(seen.result()), float(accuracy.result())
        seen.reset_state()
        accuracy.reset_state()


def barest(case: Case) -> Iterator[None]:
    """Train on batches that are tensors already: what no loop can go below by much."""
    model, optimizer = case.network(), keras.optimizers.Adam(RATE)
    optimizer.build(model.trainable_variables)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function  # type: ignore[untyped-decorator,unused-ignore]
    def train_step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = loss_of(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    x, y = case.data(8 * BATCH)
    batches = [
        (tf.constant(x[at : at + BATCH]), tf.constant(y[at : at + BATCH]))
        for at in range(0, len(y), BATCH)
    ]
    while True:
        for batch in batches:
            train_step(*batch)
            yield


@dataclass
class Turns:
    """`fit` asks it in each step whether to stop; between windows of ours it runs the peers'.

    Pairs go ours-peer, then peer-ours, so that nobody profits from going first. Times are
    milliseconds a step; the first pair of windows only warms up.
    """

    case: Case
    peers: tuple[Iterator[None], ...]
    ours: list[float] = field(default_factory=list)
    others: tuple[list[float], ...] = field(init=False)
    _steps: int = 0
    _began: float = 0.0

    def __post_init__(self) -> None:
        self.others = tuple([] for _ in self.peers)
        self._began = perf_counter()

    def __call__(self) -> bool:
        """Count a step of ours; at a window's end note its time and let the peers run theirs."""
        self._steps += 1
        if self._steps % self.case.window:
            return False
        self.ours.append(1e3 * (perf_counter() - self._began) / self.case.window)
        if len(self.ours) % 2:
            for _ in range(2):
                self._peers()
        self._began = perf_counter()
        return len(self.ours) >= self.case.pairs + 2

    def _peers(self) -> None:
        for peer, seen in zip(self.peers, self.others, strict=True):
            began = perf_counter()
            for _ in range(self.case.window):
                next(peer)
            seen.append(1e3 * (perf_counter() - began) / self.case.window)


def measured(case: Case) -> Turns:
    """Train with `fit` and with the peers in turn."""
    turns = Turns(case, (hand_written(case), barest(case)))
    settings = Settings(
        global_batch=BATCH,
        lanes=BATCH,
        epochs=1000,
        minimum_gain=1e9,  # no epoch after the first is the best, so that no checkpoint is due
        checkpoint_seconds=1e9,
    )
    train, held = rows_of(*case.data(case.rows)), rows_of(*case.data(32))
    fitted = fit(learner(case), train, held, settings, SingleProcess(), stop=turns)
    each = {what: round(1e3 * took / fitted.steps, 4) for what, took in fitted.seconds.items()}
    print(case.name, "ms a step by what:", each, flush=True)
    return turns


def figures(case: Case) -> list[Figure]:
    """Return one figure a peer."""
    turns = measured(case)
    names = ("hand-written train_step over tf.data", "barest loop: no input, no metrics")
    return [
        Figure(
            f"{case.name}, a step, against {name}",
            "ms",
            turns.ours[2:],
            other[2:],
            name.split(",")[0].split(":")[0],
            goal,
            higher=False,
        )
        for name, other, goal in zip(names, turns.others, (case.goal, "told only"), strict=True)
    ]


def main(chosen: str = "") -> None:
    """Measure; a name's beginning (`mlp`) measures that case alone and publishes nothing."""
    cases = [case for case in CASES if case.name.lower().startswith(chosen)]
    found = [figure for case in cases for figure in figures(case)]
    if chosen:
        print(*(figure.row() for figure in found), sep="\n")
        return
    publish("loop", "The training loop, a step in one process", found)


if __name__ == "__main__":
    main(*sys.argv[1:])
