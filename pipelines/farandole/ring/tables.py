"""Gradients of embedding tables by their looked-up rows, where few rows of a large table move.

The looked-up rows of the whole step lie in the ring's buffer in the order of the global batch: a
rank fills its own part and leaves zeros elsewhere, so that the sum over ranks is every rank's rows,
unchanged. They are then added in that order, the same one at any number of ranks.
"""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from farandole.ring.collective import Tensor

PAYS_FROM = 4  # times smaller than the table (docs/decisions/0017-looked-up-rows.md)
DIGIT = 4096  # a row's number travels as two digits: float32 holds whole numbers to 2^24 only


@dataclass(frozen=True)
class Span:
    """Which rows of the global batch are a rank's: `mine` of them after `before`, of `batch`."""

    before: int
    mine: int
    batch: int

    def spread(self, rows: Tensor) -> Tensor:
        """Return a rank's [looked up, n] among zeros for all other ranks' rows."""
        each = rows.shape[0] // self.mine
        after = self.batch - self.before - self.mine
        return tf.pad(rows, [[self.before * each, after * each], [0, 0]])


@dataclass(frozen=True)
class Rows:
    """The gradient of a table by rows: `numbers` float32 [n, 2] and `values` float32 [n, units]."""

    numbers: Tensor
    values: Tensor


def rows_of(gradient: Tensor, table: Tensor, span: Span) -> Rows | None:
    """Return a gradient by rows; None where it is dense, or its rows are no small part of it.

    The choice rests on the table's shape and the global batch alone, not on the number of ranks.
    """
    if not isinstance(gradient, tf.IndexedSlices) or not _pays(gradient, table, span):
        return None
    digits = tf.stack([gradient.indices // DIGIT, gradient.indices % DIGIT], axis=1)
    return Rows(span.spread(tf.cast(digits, tf.float32)), span.spread(gradient.values))


def whole_of(rows: Tensor | Rows, table: Tensor) -> Tensor:
    """Return the sum of all ranks' rows as a gradient of the table's shape; a dense one as it is.

    Optimizers take it whole, so that momentum moves rows that no step looked up, as it does without
    a ring.
    """
    if not isinstance(rows, Rows):
        return rows
    digits = tf.cast(rows.numbers, tf.int64)
    numbers = digits[:, 0] * DIGIT + digits[:, 1]
    with tf.device("/device:CPU:0"):  # where additions have one order; a GPU's have any
        distinct, place = tf.unique(numbers)
        sums = tf.math.unsorted_segment_sum(rows.values, place, tf.size(distinct))
    return tf.scatter_nd(distinct[:, None], sums, tf.constant(list(table.shape), tf.int64))


def _pays(gradient: Tensor, table: Tensor, span: Span) -> bool:
    looked_up, units = gradient.values.shape[0], gradient.values.shape[1:]
    if looked_up is None or looked_up % span.mine or len(units) != 1:
        return False
    numbers = looked_up // span.mine * span.batch * (units[0] + 2)
    return bool(numbers * PAYS_FROM <= table.shape[0] * table.shape[1])
