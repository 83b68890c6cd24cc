"""Activations of a document as Keras layers."""

from __future__ import annotations

from typing import Any

import keras

from farandole.api.activations import Activation, Elu, LeakyRelu, Linear, Prelu

SAME_NAME_IN_KERAS = ("sigmoid", "tanh", "relu", "softmax", "gelu")


def activation(declared: Activation, rank: int, **settings: Any) -> keras.layers.Layer | None:
    """Make the layer that applies `declared` to inputs of `rank` axes; None for linear.

    `settings` (name, dtype) are those of every Keras layer.
    """
    match declared.chosen():
        case _, Linear():
            return None
        case _, LeakyRelu() as leaky:
            return keras.layers.LeakyReLU(leaky.slope, **settings)
        case _, Elu() as elu:
            return keras.layers.ELU(elu.alpha, **settings)
        case _, Prelu():
            # One slope a unit; over height and width a channel is one unit.
            return keras.layers.PReLU(shared_axes=list(range(1, rank - 1)) or None, **settings)
        case name, _:
            keras_name = name if name in SAME_NAME_IN_KERAS else {"swish": "silu"}[name]
            return keras.layers.Activation(keras_name, **settings)
