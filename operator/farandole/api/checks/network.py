"""Whether each layer of a declared network can take what the one before it gives."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, prod
from typing import TypeAlias

from farandole.api.checks.finding import Finding
from farandole.api.errors import Problem
from farandole.api.layers import AveragePooling, Layer, MaxPooling
from farandole.api.recipe import Recipe

Dimensions: TypeAlias = tuple[int | None, ...]

_READS = ("network.image", "features.network")
_OVER_IMAGES = (
    *("conv2d", "depthwiseConv2d", "separableConv2d", "maxPooling", "averagePooling"),
    *("globalMaxPooling", "globalAveragePooling"),
)


def network_findings(recipe: Recipe) -> Iterator[Finding]:
    """Follow the dimensions of a row through the declared layers, to a vector."""
    network = recipe.network
    image = network.image
    yield from _micro_batch_findings(recipe)
    if network.builder is not None or (image is not None and recipe.features.network is not None):
        return
    dimensions: Dimensions = (image.height, image.width, image.channels) if image else (None,)
    for index, layer in enumerate(network.layers):
        path = f"network.layers[{index}]"
        trouble = _trouble(path, layer, dimensions, index)
        if trouble is not None:
            yield Finding(trouble, _READS)
            return
        dimensions = _after(layer, dimensions)
    if len(dimensions) != 1:
        advice = "end with flatten, globalAveragePooling or globalMaxPooling"
        received = f"layers that end in {_words(dimensions)}"
        yield Finding(Problem("network.layers", received, "layers to a vector", advice), _READS)


def _micro_batch_findings(recipe: Recipe) -> Iterator[Finding]:
    """Refuse micro-batches where a layer needs the whole batch: its statistics would be others."""
    parts = recipe.training.micro_batches
    for index, layer in enumerate(recipe.network.layers):
        if parts > 1 and layer.batch_normalization is not None:
            received = f"{parts} with batchNormalization in network.layers[{index}]"
            advice = "leave it out; take more workers, or a smaller globalBatch, to save memory"
            problem = Problem("training.microBatches", received, "1 for this network", advice)
            yield Finding(problem, ("training.microBatches", f"network.layers[{index}]"))
            return


def _trouble(path: str, layer: Layer, dimensions: Dimensions, index: int) -> Problem | None:
    name, _ = layer.chosen()
    if name in _OVER_IMAGES and len(dimensions) != 3:
        advice = "such layers need network.image, and come before flatten and global pooling"
        return Problem(path, f"{name} on {_words(dimensions)}", f"{name} on an image", advice)
    if name == "embedding" and (index > 0 or len(dimensions) != 1):
        return Problem(path, f"{name} on {_words(dimensions)}", f"{name} as first, on a vector")
    if any(side is not None and side < 1 for side in _after(layer, dimensions)):
        advice = "take fewer or smaller steps, padding same, or a larger image"
        received = f"{name} on {_words(dimensions)}, which leaves nothing"
        return Problem(path, received, "at least 1 pixel after it", advice)
    return None


def _after(layer: Layer, dimensions: Dimensions) -> Dimensions:
    """Give the dimensions after a layer."""
    name, settings = layer.chosen()
    if layer.flatten is not None:
        return (prod(d for d in dimensions if d is not None) if None not in dimensions else None,)
    if name in ("globalMaxPooling", "globalAveragePooling"):
        return dimensions[-1:]
    if layer.dense is not None:
        return (*dimensions[:-1], layer.dense.units)
    if layer.embedding is not None:
        return (*dimensions, layer.embedding.units)
    if isinstance(settings, MaxPooling | AveragePooling):
        return _pooled(settings, dimensions)
    return _convolved(layer, dimensions)


def _pooled(pooling: MaxPooling | AveragePooling, dimensions: Dimensions) -> Dimensions:
    sides = (
        _valid(side, pooling.size, pooling.strides or pooling.size) for side in dimensions[:-1]
    )
    return (*sides, dimensions[-1])


def _convolved(layer: Layer, dimensions: Dimensions) -> Dimensions:
    convolution = layer.conv2d or layer.separable_conv2d or layer.depthwise_conv2d
    if convolution is None:
        return dimensions
    size = _valid if convolution.padding == "valid" else _same
    sides = (size(side, convolution.kernel, convolution.strides) for side in dimensions[:-1])
    channels = dimensions[-1]
    if layer.depthwise_conv2d is not None:
        return (*sides, channels and channels * layer.depthwise_conv2d.multiplier)
    filtered = layer.conv2d or layer.separable_conv2d
    return (*sides, filtered.filters if filtered else channels)


def _valid(side: int | None, window: int, strides: int) -> int | None:
    return side and (side - window) // strides + 1


def _same(side: int | None, _window: int, strides: int) -> int | None:
    return side and ceil(side / strides)


def _words(dimensions: Dimensions) -> str:
    if len(dimensions) == 1:
        return "a vector"
    return " x ".join("?" if side is None else str(side) for side in dimensions)
