"""Micro-batches: a rank's rows of a step, taken in parts one after another to save memory."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from farandole.ring.collective import Tensor


@dataclass(frozen=True)
class MicroBatches:
    """`rows` of a step in at most `most` parts of equal length, the last one padded.

    The rows keep their order, so that a step has the rows of the step whatever the parts are.
    """

    rows: int
    most: int = 1

    @property
    def length(self) -> int:
        """Rows of one part."""
        return -(-self.rows // self.most)

    @property
    def count(self) -> int:
        """How many parts there are; a rank with few rows has fewer."""
        return -(-self.rows // self.length)

    def cut(self, tensor: Tensor) -> Tensor:
        """Return [rows, ...] as [count, length, ...], with zeros where no row is left."""
        missing = self.count * self.length - self.rows
        padded = tf.pad(tensor, [[0, missing]] + [[0, 0]] * (len(tensor.shape) - 1))
        return tf.reshape(padded, [self.count, self.length, *tensor.shape[1:]])
