"""Dropout whose mask belongs to lanes: the same at any number of ranks."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from farandole.networks.lane_context import LaneContext
from farandole.networks.layers.draws import bits, row_keys


class LaneDropout(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Zero a share `rate` of the inputs in training and scale the others up by 1 / (1 - rate).

    Inputs [rows, ...] of the rank's whole batch; outside training it is the identity. `index`
    tells the layers of one network apart.
    """

    def __init__(self, rate: float, context: LaneContext, index: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.rate = rate
        self.context = context
        self.index = index

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Apply the mask of this step."""
        if not training or self.rate == 0:
            return inputs
        self.context.check_rows(inputs)
        keys = row_keys(self.context, self.index)
        factors = _factors(keys, int(np.prod(inputs.shape[1:])), self.rate)
        factors = tf.reshape(factors, tf.shape(inputs))
        return inputs * tf.cast(factors, inputs.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Give the shape of the inputs."""
        return input_shape


def _draw(keys: tuple[tf.Tensor, tf.Tensor], size: int, rate: float) -> tf.Tensor:
    kept = bits(keys, size) >= tf.constant(np.uint32(rate * 2**32))
    return tf.where(kept, 1 / (1 - rate), 0.0)


_factors = tf.function(_draw, jit_compile=True)
