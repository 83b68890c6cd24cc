"""Random bits that are a pure function of where they are used: no generator, no state.

A draw depends on (seed, layer, global step, lane, place, element) and on nothing else, so it is
the same bit for bit whichever rank holds the lane. It is a counter hashed by 32-bit mixing
rounds; a row's key has 64 bits, so that two rows do not meet in shifted copies of one stream.
Compiled by XLA it costs 0.5 ms for 64x28x28x32 elements on two CPU cores, where tf.nn.dropout
takes 4.2, the same hash op by op 5.0, and a stateless Philox draw a row 9.5.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from farandole.networks.lane_context import LaneContext

GOLDEN = 0x9E3779B9


def row_keys(context: LaneContext, layer: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Give the 64 bits that name each row at this step to layer number `layer`: 2 uint32 [rows]."""
    low = tf.cast(tf.bitwise.bitwise_and(context.step, 0xFFFFFFFF), tf.uint32)
    high = tf.cast(tf.bitwise.right_shift(context.step, 32), tf.uint32)
    rows = [tf.cast(context.lane, tf.uint32), tf.cast(context.place, tf.uint32)]
    words = [_word(context.seed), _word(layer), low, high, *rows]
    return _key(1, words), _key(2, words)


def bits(keys: tuple[tf.Tensor, tf.Tensor], size: int) -> tf.Tensor:
    """Draw `size` words for each row: uint32 [rows, size]."""
    first, second = keys
    counter = tf.cast(tf.range(size), tf.uint32) * _word(GOLDEN)
    inner = _mix(first[:, None] + counter[None, :])
    return _mix(tf.bitwise.bitwise_xor(inner, second[:, None]))


def _key(salt: int, words: list[tf.Tensor]) -> tf.Tensor:
    key = _word(salt)
    for word in words:
        key = _mix(tf.bitwise.bitwise_xor(key, word) + _word(GOLDEN))
    return key


def _mix(x: tf.Tensor) -> tf.Tensor:
    """Mix 32 bits so that each depends on all; bias 0.107 (Chris Wellons, hash-prospector)."""
    x = _folded(x, 16) * _word(0x21F0AAAD)
    x = _folded(x, 15) * _word(0xD35A2D97)
    return _folded(x, 15)


def _folded(x: tf.Tensor, bits: int) -> tf.Tensor:
    return tf.bitwise.bitwise_xor(x, tf.bitwise.right_shift(x, _word(bits)))


def _word(number: int) -> tf.Tensor:
    return tf.constant(np.uint32(number & 0xFFFFFFFF))
