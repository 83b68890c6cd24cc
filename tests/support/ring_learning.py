"""A small learner for tests of the ring: a head with dropout, and rows that can be learned."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from farandole.ring.collective import Collective
from farandole.ring.lanes import lanes_of
from farandole.ring.learner import Learner, PerRow, Rows, Settings
from farandole.ring.micro_batches import MicroBatches

CLASSES = 3


@dataclass(frozen=True)
class LaneSteps:
    """What layers read: the step, and the lane, place and weight of each row of this rank."""

    step: Any
    lane: Any
    place: Any
    weight: Any


def context(settings: Settings, collective: Collective) -> LaneSteps:
    owned = len(lanes_of(collective.rank, collective.size, settings.lanes))
    share = owned * settings.global_batch // settings.lanes
    rows = MicroBatches(share, settings.micro_batches).length
    return LaneSteps(
        step=tf.Variable(0, dtype=tf.int64, trainable=False),
        lane=tf.Variable(tf.zeros(rows, tf.int32), trainable=False),
        place=tf.Variable(tf.zeros(rows, tf.int32), trainable=False),
        weight=tf.Variable(tf.zeros(rows, tf.float32), trainable=False),
    )


class LaneDropout(keras.layers.Layer):  # type: ignore[misc,unused-ignore]
    """Dropout that is a function of (seed, step, lane, place), never of a process's generator."""

    def __init__(self, rate: float, where: LaneSteps, settings: Settings) -> None:
        super().__init__()
        self.rate = rate
        self.where = where
        self.lanes = settings.lanes
        self.width = settings.global_batch // settings.lanes

    def call(self, x: Any, training: bool = False) -> Any:
        if not training:
            return x
        seed = tf.stack([tf.constant(11, tf.int64), self.where.step.read_value()])
        draws = tf.random.stateless_uniform([self.lanes, self.width, x.shape[-1]], seed)
        mine = tf.gather_nd(draws, tf.stack([self.where.lane, self.where.place], axis=1))
        return tf.where(tf.cast(mine, x.dtype) >= self.rate, x / (1 - self.rate), 0)


def cross_entropy(y: Any, outputs: Any) -> Any:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(y, tf.cast(outputs, tf.float32))


def accuracy(y: Any, outputs: Any) -> Any:
    return tf.equal(tf.argmax(outputs, axis=-1), tf.cast(y, tf.int64))


def rows(count: int, width: int = 20, copies: int = 2, seed: int = 0) -> Rows:
    """Rows of three overlapping classes."""
    draw = np.random.default_rng(seed)
    y = draw.integers(0, CLASSES, count)
    centres = np.random.default_rng(99).normal(size=(CLASSES, width))
    x = centres[y] + draw.normal(scale=2.0, size=(copies, count, width))
    return Rows(
        x=x.astype(np.float32),
        y=y.astype(np.int64),
        weight=draw.uniform(0.5, 2.0, count).astype(np.float32),
        ids=[f"row-{i}" for i in range(count)],
    )


OPTIMIZERS: Mapping[str, Callable[[], Any]] = {
    "sgd": lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "adam": lambda: keras.optimizers.Adam(0.005),
}


def head(
    settings: Settings, collective: Collective, optimizer: str = "sgd", width: int = 20
) -> Learner:
    """A head of two layers with lane dropout and an L2 penalty, the same from every call."""
    where = context(settings, collective)
    hidden = dense(32, "hidden", activation="relu")
    model = keras.Sequential(
        [
            keras.Input([width]),
            hidden,
            LaneDropout(0.3, where, settings),
            dense(CLASSES, "outputs", dtype="float32"),
        ]
    )
    return learner(model, optimizer, where, lambda: 1e-3 * tf.reduce_sum(hidden.kernel**2))


def dense(units: int, name: str, **more: Any) -> Any:
    """A dense layer whose first weights depend on its name, not on the process's generator."""
    first = keras.initializers.GlorotUniform(seed=len(name))
    return keras.layers.Dense(units, kernel_initializer=first, name=name, **more)


def learner(
    model: Any,
    optimizer: str = "sgd",
    where: LaneSteps | None = None,
    penalty: Callable[[], Any] | None = None,
    metrics: Mapping[str, PerRow] | None = None,
) -> Learner:
    made = OPTIMIZERS[optimizer]()
    rate = float(made.learning_rate)
    return Learner(
        model=model,
        loss=cross_entropy,
        optimizer=made,
        schedule=lambda step: rate * min(1.0, (step + 1) / 10),
        penalty=penalty,
        context=where,
        metrics={"accuracy": accuracy} if metrics is None else metrics,
    )


def weights(model: Any) -> dict[str, Any]:
    return {f"{i} {v.name}": np.array(v.numpy()) for i, v in enumerate(model.variables)}


@dataclass
class Ticks:
    """A clock that ticks once a step, and a process that is killed when the clock says so."""

    killed_at: int | None = None
    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def stop(self) -> bool:
        self.now += 1
        if self.now == self.killed_at:
            raise KeyboardInterrupt(f"killed in the {self.killed_at}th step of this life")
        return False


def distance(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """The greatest ||w - w'|| / ||w'|| of any variable."""
    return max(
        float(np.linalg.norm(one[name] - other[name]) / (np.linalg.norm(other[name]) or 1.0))
        for name in one
    )


def same_bits(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return {k: v.tobytes() for k, v in one.items()} == {k: v.tobytes() for k, v in other.items()}
