"""Losses: one number a row, float32 whatever the precision."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from farandole.api.optimizers import (
    CrossEntropy,
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
)

RowLoss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def loss(declared: Loss | None, task_kind: str) -> RowLoss:
    """Make the function (y [n], outputs [n, outputs]) -> loss [n] float32.

    Classification: `y` are class numbers, outputs are logits, one a class, also for two classes.
    Regression: `y` are values, outputs [n, 1]. None chooses by the kind of task.
    """
    branch = declared.chosen()[1] if declared else _by_task(task_kind)
    match branch:
        case CrossEntropy(label_smoothing=smoothing):
            return lambda y, outputs: _cross_entropy(y, _float32(outputs), smoothing)
        case MeanSquaredError():
            return lambda y, outputs: tf.square(_errors(y, outputs))
        case MeanAbsoluteError():
            return lambda y, outputs: tf.abs(_errors(y, outputs))
        case Huber(delta=delta):
            return lambda y, outputs: _huber(tf.abs(_errors(y, outputs)), delta)
    raise AssertionError(branch)


def _by_task(kind: str) -> CrossEntropy | MeanSquaredError:
    return CrossEntropy() if kind.endswith("Classification") else MeanSquaredError()


def _cross_entropy(y: tf.Tensor, logits: tf.Tensor, smoothing: float) -> tf.Tensor:
    labels = tf.cast(y, tf.int32)
    hard = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    if not smoothing:
        return hard
    spread = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=-1)
    return (1 - smoothing) * hard + smoothing * spread


def _huber(distance: tf.Tensor, delta: float) -> tf.Tensor:
    inside = tf.minimum(distance, delta)
    return inside * (distance - 0.5 * inside)


def _errors(y: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    return _float32(outputs)[:, 0] - _float32(y)


def _float32(tensor: tf.Tensor) -> tf.Tensor:
    return tf.cast(tensor, tf.float32)
