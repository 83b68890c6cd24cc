"""Augmentation of pixels whose draws belong to lanes: the same at any number of ranks."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from farandole.networks.lane_context import LaneContext
from farandole.networks.layers.draws import bits, row_keys


class LaneAugment(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Mirror and shift images in training, drawn anew for each row and step.

    Inputs [rows, height, width, channels]; outside training it is the identity. `flip` mirrors
    half of the rows left to right; `shift` is the largest translation as a share of the side, the
    pixels that come in repeating the edge. Pixels are moved, never computed.
    """

    def __init__(
        self, flip: bool, shift: float, context: LaneContext, index: int, **settings: Any
    ) -> None:
        super().__init__(**settings)
        self.flip = flip
        self.shift = shift
        self.context = context
        self.index = index

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Apply this step's flips and translations."""
        if not training or not (self.flip or self.shift):
            return inputs
        self.context.check_rows(inputs)
        height, width = inputs.shape[1:3]
        draws = bits(row_keys(self.context, self.index), 3)
        rows = self._shifted(height, draws[:, 0])
        columns = self._mirrored(self._shifted(width, draws[:, 1]), draws[:, 2], width)
        moved = tf.gather(inputs, rows, axis=1, batch_dims=1)
        return tf.gather(moved, columns, axis=2, batch_dims=1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Give the shape of the inputs."""
        return input_shape

    def _shifted(self, side: int, draws: tf.Tensor) -> tf.Tensor:
        most = round(self.shift * side)
        shift = tf.cast(draws % tf.constant(2 * most + 1, tf.uint32), tf.int32) - most
        return tf.clip_by_value(tf.range(side)[None, :] - shift[:, None], 0, side - 1)

    def _mirrored(self, columns: tf.Tensor, draws: tf.Tensor, width: int) -> tf.Tensor:
        if not self.flip:
            return columns
        flipped = tf.bitwise.right_shift(draws, tf.constant(31, tf.uint32)) == 1
        return tf.where(flipped[:, None], width - 1 - columns, columns)
