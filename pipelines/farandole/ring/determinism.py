"""Bitwise repetition: the same kernels, in the same order, on the same number of threads."""

from __future__ import annotations

import tensorflow as tf

from farandole.api.errors import RingError

THREADS = 1  # sums split over threads differ with their number; one is the same on every machine


def make_deterministic() -> None:
    """Make TensorFlow repeat itself bit for bit; call it before anything is computed.

    Raises `RingError` where TensorFlow already runs on another number of threads.
    """
    try:
        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    except RuntimeError:
        if tf.config.threading.get_intra_op_parallelism_threads() != THREADS:
            raise RingError(
                f"training.reproducible: expected {THREADS} thread an operation, received a "
                "process that has already computed with its own number; call make_deterministic "
                "first"
            ) from None
    make_ops_deterministic()


def make_ops_deterministic() -> None:
    """Choose deterministic kernels; legal at any time."""
    tf.config.experimental.enable_op_determinism()
