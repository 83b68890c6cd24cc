"""A network of one's own: what a user's builder makes, held to its promise."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from farandole.api.errors import DocumentError, Problem
from farandole.networks.builder import Builder, load_builder, refused
from farandole.networks.built import Built, Penalty
from farandole.networks.layers.normalization import LaneBatchNormalization
from farandole.networks.layers.site import POLICIES, Site

PROMISE = "build(input_shape, outputs) -> keras.Model"


def own_network(spec: str, folder: Path, inputs: Any, x: Any, outputs: int, site: Site) -> Built:
    """Call the builder `module:function` and wrap its model from `inputs` to float32 logits.

    The builder takes `input_shape` and `outputs` and gives a keras.Model from float32
    [n, *input_shape] (pixels come as 0..255) to logits [n, outputs], or to the value [n, 1] of a
    regression; it may take `lanes` too and build Farandole's own layers on it. Its random first
    weights are a pure function of the seed. Errors: DocumentError for a promise that is not kept.
    """
    model = _call(spec, load_builder(spec, folder), tuple(x.shape[1:]), outputs, site)
    _check(spec, model, tuple(x.shape[1:]), outputs)
    logits = keras.layers.Activation("linear", dtype="float32", name="logits")(model(x))
    whole = keras.Model(inputs, logits, name="network")
    return Built(whole, _penalty(spec, model, tuple(x.shape[1:])), tuple(_stateful(model)))


def check_micro_batches(model: keras.Model, parts: int) -> None:
    """Refuse to take a step in `parts` where a layer's statistics are those of the whole step.

    Errors: DocumentError that names the first such layer.
    """
    normalizing = (LaneBatchNormalization, keras.layers.BatchNormalization)
    layers = model._flatten_layers(include_self=False)
    found = [x.name for x in layers if isinstance(x, normalizing) and x.trainable]
    if parts > 1 and found:
        received = f"{parts} with batch normalization in the layer {found[0]}"
        path = "spec.recipe.training.microBatches"
        raise DocumentError("model", (Problem(path, received, "1 for this network"),))


def _call(
    spec: str, builder: Builder, shape: tuple[int, ...], outputs: int, site: Site
) -> keras.Model:
    takes = inspect.signature(builder).parameters
    more = {"lanes": site.context} if "lanes" in takes else {}
    keras.utils.set_random_seed(site.seed)
    try:
        with _precision(site.precision):
            model = builder(shape, outputs, **more)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        received = f"{type(error).__name__}: {error} ({last.filename}, line {last.lineno})"
        raise refused(spec, received, PROMISE) from error
    if not isinstance(model, keras.Model):
        raise refused(spec, f"a {type(model).__name__}", PROMISE)
    return model


@contextmanager
def _precision(name: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(POLICIES[name])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _check(spec: str, model: keras.Model, shape: tuple[int, ...], outputs: int) -> None:
    try:
        received = tuple(model(keras.KerasTensor((None, *shape), "float32")).shape)
    except Exception as error:
        raise refused(
            spec, f"{type(error).__name__}: {error}", f"inputs of shape {shape}"
        ) from error
    if received != (None, outputs):
        expected = f"logits of shape [n, {outputs}]"
        raise refused(spec, f"outputs of shape {list(received)}", expected)
    if outputs > 1 and _is_squashed(model):
        advice = "leave the last activation out; Farandole applies softmax itself"
        raise refused(spec, "outputs after softmax or sigmoid", "logits", advice)


def _is_squashed(model: keras.Model) -> bool:
    last = model.layers[-1] if model.layers else None
    squashing = (keras.activations.softmax, keras.activations.sigmoid)
    return isinstance(last, keras.layers.Softmax) or getattr(last, "activation", None) in squashing


def _stateful(model: keras.Model) -> Iterator[str]:
    """Yield layers that draw from a process's generator, or normalize over a rank's rows alone."""
    for layer in model._flatten_layers(include_self=False):  # the public list leaves out sublayers
        draws = any(isinstance(v, keras.random.SeedGenerator) for v in vars(layer).values())
        normalizes = isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
        if draws or normalizes:
            yield f"{layer.name} ({type(layer).__name__})"


def _penalty(spec: str, model: keras.Model, shape: tuple[int, ...]) -> Penalty | None:
    regularized = [v for v in model.trainable_variables if v.regularizer is not None]
    model(np.zeros((1, *shape), np.float32), training=False)
    if len(model.losses) > len(regularized):
        raise refused(
            spec,
            "a loss that depends on a rank's rows (add_loss, or a regularizer of activities)",
            "regularizers of weights only",
        )
    if not regularized:
        return None
    return lambda: tf.add_n([variable.regularizer(variable) for variable in regularized])
