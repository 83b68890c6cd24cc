"""What a layer may know of the step that is trained: which rows these are, in which lanes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

Total = Callable[[tf.Tensor], tf.Tensor]


def alone(tensor: tf.Tensor) -> tf.Tensor:
    """Sum over a single rank: the tensor itself."""
    return tensor


@dataclass(frozen=True)
class LaneContext:
    """The rows of a rank's batch; the ring assigns the variables, layers read them in training.

    `step` int64 []: the global step. `lane`, `place` int32 [rows]: the lane of each row and its
    place in it. `weight` float32 [rows]: 0 where a place is empty. `total` sums a tensor over all
    ranks and passes gradients through.
    """

    step: tf.Variable
    lane: tf.Variable
    place: tf.Variable
    weight: tf.Variable
    seed: int
    total: Total = alone

    @classmethod
    def create(cls, rows: int, seed: int, total: Total = alone) -> LaneContext:
        """Make the variables for `rows` rows a step on this rank; at first each row is a lane."""
        return cls(
            step=tf.Variable(0, dtype=tf.int64, trainable=False, name="step"),
            lane=tf.Variable(tf.range(rows), trainable=False, name="lane"),
            place=tf.Variable(tf.zeros(rows, tf.int32), trainable=False, name="place"),
            weight=tf.Variable(tf.ones(rows), trainable=False, name="weight"),
            seed=seed,
            total=total,
        )

    def check_rows(self, batch: tf.Tensor) -> None:
        """Refuse a training batch whose rows are not those that the variables describe."""
        rows = self.lane.shape[0]
        message = f"expected the rank's whole batch of {rows} rows, empty places padded"
        tf.debugging.assert_equal(tf.shape(batch)[0], rows, message)
