"""From a declared network to a Keras model that computes logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from farandole.api.errors import DocumentError, Problem
from farandole.api.layers import Layer
from farandole.api.network import Network
from farandole.networks.built import Built, Penalty
from farandole.networks.lane_context import LaneContext
from farandole.networks.layers.activations import activation
from farandole.networks.layers.augment import LaneAugment
from farandole.networks.layers.plain import GLOBAL_LAYERS, IMAGE_LAYERS, keras_layer
from farandole.networks.layers.site import Site
from farandole.networks.own import own_network

__all__ = ["Built", "build"]

KEEPS_A_SHIFT = frozenset(
    {"maxPooling", "averagePooling", "globalMaxPooling", "globalAveragePooling", "flatten"}
)
"""Layers after which a constant added to a channel is still that constant."""

Penalised = list[tuple[keras.Variable, float]]


def build(
    network: Network | None,
    input_shape: tuple[int, ...],
    outputs: int,
    context: LaneContext,
    seed: int,
    precision: str,
    folder: Path | None = None,
) -> Built:
    """Build the network of a document; its first weights are a pure function of `seed`.

    `input_shape` is (width,) for features and columns, (height, width, channels) for pixels
    0..255. Without layers and builder it is one linear layer to the outputs. `folder` is the
    document's, where a builder is looked for. Errors: DocumentError for a layer that does not fit
    what comes before it, or a builder that does not keep its promise.
    """
    network = network or Network()
    site = Site(0, context, seed, precision)
    inputs = keras.Input(input_shape, name="inputs")
    x = _augmented(inputs, network, site)
    if network.builder is not None:
        return own_network(network.builder, folder or Path(), inputs, x, outputs, site)
    penalised: Penalised = []
    x = _scaled(x)
    for index, layer in enumerate(network.layers):
        here = replace(site, index=index, bias=not _bias_is_undone(network.layers[index:]))
        x = _add(layer, x, here, penalised)
    logits = _output(x, outputs, replace(site, index=len(network.layers)))
    return Built(keras.Model(inputs, logits, name="network"), _penalty(penalised))


def _augmented(x: Any, network: Network, site: Site) -> Any:
    if len(x.shape) != 4 or not network.augment.flip:
        return x
    # Layers count from 0; the augmentation draws as a layer that no network has.
    return LaneAugment(True, 0.0, site.context, index=2**31, name="augment")(x)


def _scaled(x: Any) -> Any:
    return keras.layers.Rescaling(1 / 255, name="scale")(x) if len(x.shape) == 4 else x


def _add(layer: Layer, x: Any, site: Site, penalised: Penalised) -> Any:
    name, settings = layer.chosen()
    _check_axes(name, x.shape, site.index)
    if name == "activation":
        return _activated(layer.activation, x, site)
    made = keras_layer(name, settings, len(x.shape), site)
    try:
        y = made(x)
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        raise _misfit(site.index, name, x.shape, f"inputs that fit the layer ({reason})") from error
    weight = getattr(settings, "l2", 0)
    if weight:
        kernels = [v for v in made.trainable_variables if v.name.endswith("kernel")]
        penalised += [(kernel, weight) for kernel in kernels]
    return _activated(getattr(settings, "activation", None), y, site)


def _bias_is_undone(layers: Sequence[Layer]) -> bool:
    """Say whether batch normalization takes away what a bias of the first layer would add.

    Such a bias learns nothing: its gradient is rounding, which Adam scales up to full steps, other
    ones at another number of ranks (docs/decisions/0010-no-bias-before-batch-normalization.md).
    """
    first, *after = layers
    activated = getattr(first.chosen()[1], "activation", None)
    if activated is not None and activated.chosen()[0] != "linear":
        return False
    names = (layer.chosen()[0] for layer in after)
    return next((name for name in names if name not in KEEPS_A_SHIFT), "") == "batchNormalization"


def _activated(declared: Any, x: Any, site: Site) -> Any:
    if declared is None:
        return x
    name, _ = declared.chosen()
    made = activation(declared, len(x.shape), **site.settings(name))
    return x if made is None else made(x)


def _check_axes(name: str, shape: tuple[int | None, ...], index: int) -> None:
    if name in IMAGE_LAYERS and len(shape) != 4:
        raise _misfit(index, name, shape, "height, width and channels")
    if name in GLOBAL_LAYERS and len(shape) not in (3, 4):
        raise _misfit(index, name, shape, "height, width and channels, or length and channels")


def _output(x: Any, outputs: int, site: Site) -> Any:
    if len(x.shape) > 2 and site.index > 0:
        raise _misfit(
            site.index, "output", x.shape, "one vector a row; add flatten or globalAveragePooling"
        )
    flat = keras.layers.Flatten(name="flatten")(x) if len(x.shape) > 2 else x
    dense = keras.layers.Dense(
        outputs, kernel_initializer=site.glorot(), dtype="float32", name="output"
    )
    return dense(flat)


def _misfit(index: int, name: str, shape: tuple[int | None, ...], expected: str) -> DocumentError:
    received = f"{' x '.join(str(side) for side in shape[1:])} a row from the layers before"
    path = f"spec.recipe.network.layers[{index}].{name}"
    return DocumentError("model", (Problem(path, received, expected),))


def _penalty(penalised: Penalised) -> Penalty | None:
    if not penalised:
        return None
    return lambda: tf.add_n([w * tf.reduce_sum(tf.square(k)) for k, w in penalised])
