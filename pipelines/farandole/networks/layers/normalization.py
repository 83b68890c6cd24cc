"""Batch normalization over the global batch: every rank sees the same statistics."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from farandole.networks.lane_context import LaneContext


class LaneBatchNormalization(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Bring each channel to mean 0 and variance 1, then scale and shift it by learnt amounts.

    Inputs [rows, ..., channels]. In training the statistics are those of all rows of the global
    batch whose weight is not 0, and the moving ones follow them alike on all ranks; otherwise the
    moving ones are used.
    """

    def __init__(
        self, momentum: float, epsilon: float, context: LaneContext, **settings: Any
    ) -> None:
        super().__init__(**settings)
        self.momentum = momentum
        self.epsilon = epsilon
        self.context = context

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the variables, one value a channel, float32 whatever the precision."""
        self.gamma = self._channels("gamma", input_shape, "ones", trainable=True)
        self.beta = self._channels("beta", input_shape, "zeros", trainable=True)
        self.moving_mean = self._channels("moving_mean", input_shape, "zeros", trainable=False)
        self.moving_variance = self._channels(
            "moving_variance", input_shape, "ones", trainable=False
        )

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Normalize, in training after taking the batch's statistics."""
        x = tf.cast(inputs, tf.float32)
        mean, variance = self._of_batch(x) if training else self._moving()
        scale = self.gamma * tf.math.rsqrt(variance + self.epsilon)
        # Not x * scale + (beta - mean * scale): there the gradient of gamma cancels to little.
        return tf.cast((x - mean) * scale + self.beta, inputs.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Give the shape of the inputs."""
        return input_shape

    def _channels(
        self, name: str, shape: tuple[int | None, ...], initializer: str, trainable: bool
    ) -> keras.Variable:
        return self.add_weight(
            name=name,
            shape=shape[-1:],
            initializer=initializer,
            trainable=trainable,
            autocast=False,
        )

    def _moving(self) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.convert_to_tensor(self.moving_mean), tf.convert_to_tensor(self.moving_variance)

    def _of_batch(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # Taken around the moving mean, which all ranks share: E[x^2] - E[x]^2 around 0 loses the
        # variance to rounding where the mean is large, and two passes would need two all-reduces.
        centre, moving_variance = self._moving()
        first, second, count = self._sums(x, centre)
        shift = first / tf.maximum(count, 1)
        variance = tf.maximum(second / tf.maximum(count, 1) - tf.square(shift), 0)
        mean = centre + shift
        self._follow(mean, variance, moving_variance)
        return mean, variance

    def _sums(self, x: tf.Tensor, centre: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        self.context.check_rows(x)
        present = tf.cast(self.context.weight > 0, tf.float32)
        present = tf.reshape(present, [-1] + [1] * (len(x.shape) - 1))
        deviation = (x - centre) * present
        axes = list(range(len(x.shape) - 1))
        places = tf.cast(tf.reduce_prod(tf.shape(x)[1:-1]), tf.float32)
        parts = [
            tf.reduce_sum(deviation, axes),
            tf.reduce_sum(tf.square(deviation), axes),
            tf.reshape(tf.reduce_sum(present) * places, [1]),
        ]
        total: tf.Tensor = self.context.total(tf.concat(parts, 0))
        first, second, count = tf.split(total, [x.shape[-1], x.shape[-1], 1])
        return first, second, count

    def _follow(self, mean: tf.Tensor, variance: tf.Tensor, moving_variance: tf.Tensor) -> None:
        kept = self.momentum
        self.moving_mean.assign(self.moving_mean * kept + mean * (1 - kept))
        self.moving_variance.assign(moving_variance * kept + variance * (1 - kept))
