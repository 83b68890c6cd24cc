"""Export: a trained network as a SavedModel that needs nothing of Farandole's."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import keras
import tensorflow as tf

Output = Literal["probabilities", "value"]


class _Served(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """Holds the variables and the graph, and no layer: what loads must not look for classes."""

    def __init__(self, serve: tf.types.experimental.PolymorphicFunction, models: list[keras.Model]):
        super().__init__()
        self.kept = [v.value for model in models for v in model.variables]
        self.serve = serve


def export(folder: Path, body: keras.Model | None, head: keras.Model, output: Output) -> None:
    """Write `serve`: float32 [n, *inputs] -> probabilities [n, classes], or the value [n].

    Inputs are those of `body`, a featurizer, or without one those of `head`. The graph is that of
    inference: dropout and augmentation are not in it. `tf.saved_model.load(folder).serve(x)` runs
    it, and so does the signature `serving_default`.
    """
    models = [model for model in (body, head) if model is not None]
    inputs = tf.TensorSpec((None, *models[0].input_shape[1:]), tf.float32, name="inputs")

    def serve(inputs: tf.Tensor) -> tf.Tensor:
        x = inputs
        for model in models:
            x = model(x, training=False)
        return tf.nn.softmax(x) if output == "probabilities" else x[:, 0]

    module = _Served(tf.function(serve, input_signature=[inputs]), models)
    signature = module.serve.get_concrete_function()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": signature})
