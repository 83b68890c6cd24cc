"""Half precision on the wire: casts that lose no number to overflow, whatever its size."""

from __future__ import annotations

import tensorflow as tf

from farandole.ring.collective import Tensor

HALVES = {"float16": tf.float16, "bfloat16": tf.bfloat16}
HIGHEST = 14  # the largest of all ranks' numbers together is brought below 2 ** 15; float16 ends at
# 65504, and sums of rounded numbers must stay below that


def largest(numbers: Tensor) -> Tensor:
    """Return the largest absolute value, float32 []; its sum over ranks bounds all sums."""
    return tf.reduce_max(tf.abs(numbers))


def factor(bound: Tensor) -> Tensor:
    """Return the power of two that brings `bound`, float32 [], to 2^14..2^15.

    By its bits: a logarithm may round differently on another rank's processor.
    """
    exponent = tf.bitwise.right_shift(tf.bitcast(bound, tf.int32), 23)  # biased by 127; no sign
    wanted = 2 * 127 + HIGHEST - tf.clip_by_value(exponent, HIGHEST, 254)
    return tf.bitcast(tf.bitwise.left_shift(wanted, 23), tf.float32)
