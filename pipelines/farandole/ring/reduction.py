"""Crossing the wire: the sums over ranks inside a step, and how long this rank waited for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import tensorflow as tf

from farandole.ring.collective import Collective, Tensor
from farandole.ring.compression import HALVES, factor, largest
from farandole.ring.flat import layout_of
from farandole.ring.tables import Rows


@dataclass(frozen=True)
class Reduced:
    """The sums over ranks of all that went in, bitwise the same on all.

    `finite` bool []: every number is; a NaN or an infinity of any rank survives the sum. `seconds`
    float32 [] is this rank's own: from its last number being there to the sums, waiting included.
    """

    gradients: list[Tensor | Rows]
    exact: list[Tensor]
    finite: Tensor
    seconds: Tensor


@dataclass(frozen=True)
class Reduction:
    """The one reduction of a step; `compression` is what gradients cross the wire in.

    A half precision holds for a rank alone too, so that a recipe means the same there.
    """

    collective: Collective
    compression: str = "none"

    def __call__(self, gradients: Sequence[Tensor | Rows], exact: Sequence[Tensor]) -> Reduced:
        """Add up over ranks; `exact` tensors and the numbers of rows always travel in float32."""
        values = [g.values if isinstance(g, Rows) else g for g in gradients]
        numbers = [g.numbers for g in gradients if isinstance(g, Rows)]
        add = self._compressed if self.compression != "none" else self._plain
        if self.collective.size == 1 and self.compression == "none":
            return _unpacked(gradients, exact)
        sums = add(values, [*exact, *numbers])
        left = iter(sums.exact[len(exact) :])
        totals = [
            Rows(next(left), total) if isinstance(g, Rows) else total
            for g, total in zip(gradients, sums.gradients, strict=True)
        ]
        return replace(sums, gradients=totals, exact=sums.exact[: len(exact)])

    def _plain(self, gradients: Sequence[Tensor], exact: Sequence[Tensor]) -> Reduced:
        layout = layout_of([*gradients, *exact])
        mine = layout.pack([*gradients, *exact])
        begin = self._now([mine])
        total = self._sum(mine, begin)
        totals = layout.unpack(total)
        count = len(gradients)
        seconds = self._now([total]) - begin
        return Reduced(totals[:count], totals[count:], _finite(total), tf.cast(seconds, tf.float32))

    def _compressed(self, gradients: Sequence[Tensor], exact: Sequence[Tensor]) -> Reduced:
        """Send the exact numbers first: their sum says how gradients fit into half precision."""
        layout = layout_of(gradients)
        mine = layout.pack(gradients)
        bounds = [*exact, largest(mine)]
        begin = self._now([mine])
        told = layout_of(bounds)
        sums = self._sum(told.pack(bounds), begin)
        *exact, bound = told.unpack(sums)
        scale = factor(bound) if self.compression == "float16" else tf.constant(1.0)
        short = self._sum(tf.cast(mine * scale, HALVES[self.compression]), sums)
        total = tf.cast(short, tf.float32) / scale
        finite = tf.logical_and(_finite(sums), _finite(total))
        seconds = self._now([total]) - begin
        return Reduced(layout.unpack(total), list(exact), finite, tf.cast(seconds, tf.float32))

    def _sum(self, mine: Tensor, after: Tensor) -> Tensor:
        """Sum over ranks; `after` another tensor, since all must take their calls in one order."""
        with tf.control_dependencies([after]):
            return self.collective.sum(tf.identity(mine))

    def _now(self, after: Sequence[Tensor]) -> Tensor:
        """Return the clock once these are there; a rank alone waits for nobody."""
        if self.collective.size == 1:
            return tf.constant(0.0, tf.float64)
        with tf.control_dependencies(after):
            return _clock()


def _unpacked(gradients: Sequence[Tensor | Rows], exact: Sequence[Tensor]) -> Reduced:
    """Return what a rank alone has: a flat buffer would cost a head 0.08 ms of its 0.6."""
    numbers = [g.values if isinstance(g, Rows) else g for g in gradients]
    finite = tf.reduce_all([_finite(each) for each in (*numbers, *exact)])
    return Reduced(list(gradients), list(exact), finite, tf.constant(0.0))


def _clock() -> Tensor:
    """Return the time in seconds, float64 []; TensorFlow refuses its own to deterministic runs."""
    try:
        with tf.init_scope():
            tf.timestamp()
    except tf.errors.OpError:
        now = tf.numpy_function(lambda: np.float64(perf_counter()), [], tf.float64, stateful=True)
        return tf.ensure_shape(now, [])
    return tf.timestamp()


def _finite(vector: Tensor) -> Tensor:
    return tf.reduce_all(tf.math.is_finite(vector))
