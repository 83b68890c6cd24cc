"""One flat buffer a step: all that ranks add up travels as one sum of fixed layout.

One buffer of one layout keeps the order of additions the same in every run, whatever the timing;
with several tensors in flight, Horovod's fusion would set it anew (three ranks and more).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from farandole.ring.collective import Collective, Tensor


@dataclass(frozen=True)
class Layout:
    """Where each tensor lies in a flat float32 buffer."""

    shapes: tuple[tuple[int, ...], ...]

    @property
    def sizes(self) -> list[int]:
        """Elements of each tensor."""
        return [int(np.prod(shape, dtype=np.int64)) for shape in self.shapes]

    def pack(self, tensors: Sequence[Tensor]) -> Tensor:
        """Return the tensors as one vector."""
        return tf.concat([tf.reshape(tf.cast(t, tf.float32), [-1]) for t in tensors], axis=0)

    def unpack(self, vector: Tensor) -> list[Tensor]:
        """Return the tensors that `pack` was given."""
        pieces = tf.split(vector, self.sizes)
        return [tf.reshape(p, shape) for p, shape in zip(pieces, self.shapes, strict=True)]


def layout_of(tensors: Sequence[Tensor]) -> Layout:
    """Return the layout of tensors or variables whose shapes are known."""
    return Layout(tuple(tuple(int(side) for side in tensor.shape) for tensor in tensors))


def dense(gradient: Tensor | None, variable: Tensor) -> Tensor:
    """Return a gradient of the variable's shape; a variable that took no part has zeros."""
    if gradient is None:
        return tf.zeros(variable.shape, tf.float32)
    return tf.convert_to_tensor(gradient)


def sums(collective: Collective, tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return the sums over ranks of several tensors, by one collective call."""
    layout = layout_of(tensors)
    totals = layout.unpack(collective.sum(layout.pack(tensors)))
    return [tf.cast(total, t.dtype) for total, t in zip(totals, tensors, strict=True)]
