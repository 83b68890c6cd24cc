"""The two networks that speed is measured on, as Keras models with fixed first weights."""

from __future__ import annotations

from typing import Any

import keras

IMAGE = (32, 32, 3)
FEATURES = 1280
CLASSES = 10


def cnn(units: int = 128) -> Any:
    """Return a CNN on pictures [32, 32, 3] with 10 logits; of 554,346 parameters at 128 `units`."""
    keras.utils.set_random_seed(7)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(IMAGE),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dense(CLASSES),
        ]
    )


def mlp() -> Any:
    """Return a head of 82,634 parameters on 1,280 features with 10 logits."""
    keras.utils.set_random_seed(7)
    layers = keras.layers
    return keras.Sequential(
        [keras.Input([FEATURES]), layers.Dense(64, activation="relu"), layers.Dense(CLASSES)]
    )
