"""Layers of a document as Keras layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from farandole.api.layers import (
    AveragePooling,
    BatchNormalization,
    Conv2d,
    Dense,
    DepthwiseConv2d,
    Dropout,
    Embedding,
    MaxPooling,
    SeparableConv2d,
)
from farandole.networks.layers.dropout import LaneDropout
from farandole.networks.layers.normalization import LaneBatchNormalization
from farandole.networks.layers.site import Site

IMAGE_LAYERS = frozenset(
    {"conv2d", "depthwiseConv2d", "separableConv2d", "maxPooling", "averagePooling"}
)
"""Layers that need [rows, height, width, channels]."""

GLOBAL_LAYERS = frozenset({"globalMaxPooling", "globalAveragePooling"})
"""Layers that need [rows, height, width, channels] or [rows, length, channels]."""


def keras_layer(name: str, settings: Any, rank: int, site: Site) -> keras.layers.Layer:
    """Make the Keras layer, without its activation, for inputs of `rank` axes."""
    if name in GLOBAL_LAYERS:
        return _GLOBAL[name, rank](**site.settings(name))
    return _LAYERS[name](settings, site)


def _dense(dense: Dense, site: Site) -> keras.layers.Layer:
    return keras.layers.Dense(
        dense.units,
        use_bias=site.bias,
        kernel_initializer=site.glorot(),
        **site.settings("dense"),
    )


def _conv2d(conv: Conv2d, site: Site) -> keras.layers.Layer:
    return keras.layers.Conv2D(
        conv.filters,
        conv.kernel,
        strides=conv.strides,
        padding=conv.padding,
        use_bias=site.bias,
        kernel_initializer=site.glorot(),
        **site.settings("conv2d"),
    )


def _depthwise_conv2d(conv: DepthwiseConv2d, site: Site) -> keras.layers.Layer:
    return keras.layers.DepthwiseConv2D(
        conv.kernel,
        strides=conv.strides,
        padding=conv.padding,
        use_bias=site.bias,
        depth_multiplier=conv.multiplier,
        depthwise_initializer=site.glorot(),
        **site.settings("depthwise_conv2d"),
    )


def _separable_conv2d(conv: SeparableConv2d, site: Site) -> keras.layers.Layer:
    return keras.layers.SeparableConv2D(
        conv.filters,
        conv.kernel,
        strides=conv.strides,
        padding=conv.padding,
        use_bias=site.bias,
        depthwise_initializer=site.glorot("depthwise"),
        pointwise_initializer=site.glorot("pointwise"),
        **site.settings("separable_conv2d"),
    )


def _max_pooling(pooling: MaxPooling, site: Site) -> keras.layers.Layer:
    return keras.layers.MaxPooling2D(pooling.size, pooling.strides, **site.settings("max_pooling"))


def _average_pooling(pooling: AveragePooling, site: Site) -> keras.layers.Layer:
    return keras.layers.AveragePooling2D(
        pooling.size, pooling.strides, **site.settings("average_pooling")
    )


def _flatten(_: Any, site: Site) -> keras.layers.Layer:
    return keras.layers.Flatten(**site.settings("flatten"))


def _dropout(dropout: Dropout, site: Site) -> keras.layers.Layer:
    return LaneDropout(dropout.rate, site.context, site.index, **site.settings("dropout"))


def _batch_normalization(norm: BatchNormalization, site: Site) -> keras.layers.Layer:
    return LaneBatchNormalization(
        norm.momentum, norm.epsilon, site.context, **site.settings("batch_normalization")
    )


def _embedding(embedding: Embedding, site: Site) -> keras.layers.Layer:
    first = keras.initializers.RandomUniform(-0.05, 0.05, seed=site.first_seed("embeddings"))
    return keras.layers.Embedding(
        embedding.inputs,
        embedding.units,
        embeddings_initializer=first,
        **site.settings("embedding"),
    )


_LAYERS: Mapping[str, Callable[[Any, Site], keras.layers.Layer]] = {
    "dense": _dense,
    "conv2d": _conv2d,
    "depthwiseConv2d": _depthwise_conv2d,
    "separableConv2d": _separable_conv2d,
    "maxPooling": _max_pooling,
    "averagePooling": _average_pooling,
    "flatten": _flatten,
    "dropout": _dropout,
    "batchNormalization": _batch_normalization,
    "embedding": _embedding,
}
_GLOBAL = {
    ("globalMaxPooling", 4): keras.layers.GlobalMaxPooling2D,
    ("globalMaxPooling", 3): keras.layers.GlobalMaxPooling1D,
    ("globalAveragePooling", 4): keras.layers.GlobalAveragePooling2D,
    ("globalAveragePooling", 3): keras.layers.GlobalAveragePooling1D,
}
