"""Crossing the wire: the sum over ranks inside a step, and how long this rank waited for it."""

from __future__ import annotations

import tensorflow as tf

from farandole.ring.collective import Collective, Tensor


def timed_sum(collective: Collective, mine: Tensor) -> tuple[Tensor, Tensor]:
    """Return the sum over ranks and the seconds, float32 [], from `mine` being there to the sum.

    The seconds are this rank's: they hold its waiting for slower ranks. Alone they are 0.
    """
    if collective.size == 1:
        return collective.sum(mine), tf.constant(0.0)
    with tf.control_dependencies([mine]):
        begin = tf.timestamp()
    with tf.control_dependencies([begin]):
        total = collective.sum(tf.identity(mine))
    with tf.control_dependencies([total]):
        end = tf.timestamp()
    return total, tf.cast(end - begin, tf.float32)
