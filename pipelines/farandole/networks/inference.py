"""A network as one function that only infers: weights are constants of its graph.

TensorFlow folds normalizations into convolutions and fuses activations only where weights are
constants: 1.4 times the images a second of `predict` (docs/decisions/0012-featurize-by-threads.md).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

LARGEST_CONSTANTS = 2**29  # bytes; a graph holds 2 GiB at most, and is copied while it is built

Infer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def inference(model: keras.Model) -> Infer:
    """Return `model` as a function of uint8 pixels [n, height, width, channels], for any threads.

    It gives float32 [n, width]. Later changes of the model's weights are not seen where they are
    smaller than `LARGEST_CONSTANTS`.
    """
    held = model if _bytes(model) > LARGEST_CONSTANTS else _with_constants(model)
    pixels = tf.TensorSpec([None, *model.input_shape[1:]], tf.uint8)
    function = tf.function(lambda x: held(tf.cast(x, tf.float32)), autograph=False)
    concrete = function.get_concrete_function(pixels)

    def infer(batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        features: NDArray[np.float32] = concrete(tf.constant(batch)).numpy()
        return features

    return infer


def on_accelerator() -> bool:
    """Say whether TensorFlow computes on a GPU here."""
    return bool(tf.config.list_physical_devices("GPU"))


def one_core_a_call() -> None:
    """Let each call use one core, for callers that make as many calls at once as there are cores.

    It holds for the whole process; where TensorFlow has computed something before, it stays as is.
    """
    with suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)


def _with_constants(model: keras.Model) -> Callable[[Any], Any]:
    values = [(variable, np.asarray(variable)) for variable in model.variables]

    def call(pixels: Any) -> Any:
        with keras.StatelessScope(state_mapping=values):
            return model(pixels, training=False)

    return call


def _bytes(model: keras.Model) -> int:
    return sum(np.asarray(variable).nbytes for variable in model.variables)
