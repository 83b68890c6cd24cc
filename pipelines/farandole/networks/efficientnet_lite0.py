"""EfficientNet-Lite0: the network, and how it takes the names and layouts of torch's weights.

Source: Tan and Le 2019, and the Lite variant of it: no squeeze-and-excitation, ReLU6, and a stem
and a head that are not scaled. 224x224 RGB, 4,652,008 parameters with the ImageNet classifier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
from numpy.typing import NDArray

from farandole.api.errors import DataError

SIZE = 224
_TORCH = {
    "stem": "_conv_stem", "stem_norm": "_bn0",
    "head": "_conv_head", "head_norm": "_bn1",
    "classifier": "_fc",
}  # fmt: skip
_TORCH_BLOCK = {
    "expand": "_expand_conv", "expand_norm": "_bn0",
    "depthwise": "_depthwise_conv", "depthwise_norm": "_bn1",
    "project": "_project_conv", "project_norm": "_bn2",
}  # fmt: skip
NORMALIZATION = ("weight", "bias", "running_mean", "running_var")


@dataclass(frozen=True)
class Stage:
    """Blocks of one shape: only the first of them strides."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def efficientnet_lite0(classes: int | None = None) -> keras.Model:
    """Build the network with random weights.

    Input: float32 pixels 0..255 [n, 224, 224, 3]. Output: the last maps [n, 7, 7, 1280], or with
    `classes` the logits [n, classes].
    """
    pixels = keras.Input((SIZE, SIZE, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 128, -127 / 128, name="rescale")(pixels)
    x = _convolution(x, "stem", 32, 3, 2)
    for number, (stage, stride) in enumerate(_blocks()):
        x = _block(x, f"block_{number}", stage, stride)
    x = _convolution(x, "head", 1280, 1, 1)
    if classes is not None:
        x = keras.layers.GlobalAveragePooling2D(name="average")(x)
        x = keras.layers.Dense(classes, name="classifier")(x)
    return keras.Model(pixels, x, name="efficientnet_lite0")


def assign(model: keras.Model, weights: Mapping[str, NDArray[Any]]) -> None:
    """Give the network the weights of a state dictionary, by name.

    Errors: DataError for a weight that is missing or has another shape.
    """
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_arrays(layer, weights))


def _blocks() -> Iterator[tuple[Stage, int]]:
    for stage in STAGES:
        for number in range(stage.blocks):
            yield stage, stage.stride if number == 0 else 1


def _block(x: Any, name: str, stage: Stage, stride: int) -> Any:
    channels = x.shape[-1]
    y = x
    if stage.expansion > 1:
        y = _convolution(y, f"{name}_expand", channels * stage.expansion, 1, 1)
    depthwise = keras.layers.DepthwiseConv2D(
        stage.kernel,
        stride,
        padding="same",
        use_bias=False,
        depthwise_initializer=_first_weights(2.0, "fan_out"),
        name=f"{name}_depthwise",
    )
    y = _normalized(depthwise(y), f"{name}_depthwise")
    y = keras.layers.ReLU(6.0, name=f"{name}_depthwise_relu")(y)
    y = _linear_convolution(y, f"{name}_project", stage.channels, 1, 1)
    if stride == 1 and channels == stage.channels:
        y = keras.layers.Add(name=f"{name}_add")([x, y])
    return y


def _convolution(x: Any, name: str, channels: int, kernel: int, stride: int) -> Any:
    x = _linear_convolution(x, name, channels, kernel, stride, gain=2.0)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(x)


def _linear_convolution(
    x: Any, name: str, channels: int, kernel: int, stride: int, gain: float = 1.0
) -> Any:
    convolution = keras.layers.Conv2D(
        channels,
        kernel,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer=_first_weights(gain, "fan_in"),
        name=name,
    )
    return _normalized(convolution(x), name)


def _normalized(x: Any, name: str) -> Any:
    return keras.layers.BatchNormalization(epsilon=1e-3, name=f"{name}_norm")(x)


def _first_weights(gain: float, fan: str) -> keras.initializers.Initializer:
    # He et al. 2015: a signal neither fades nor saturates over blocks that are never trained;
    # Keras' own first weights let it fade to 1e-12. A depthwise kernel's window is its "fan_out".
    return keras.initializers.VarianceScaling(gain, fan, "untruncated_normal")


def _torch_name(layer: str) -> str:
    if not layer.startswith("block_"):
        return _TORCH[layer]
    _, number, part = layer.split("_", 2)
    return f"_blocks.{number}.{_TORCH_BLOCK[part]}"


def _arrays(layer: keras.Layer, weights: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    name = _torch_name(layer.name)
    match layer:
        case keras.layers.BatchNormalization():
            arrays = [_named(weights, f"{name}.{part}") for part in NORMALIZATION]
        case keras.layers.DepthwiseConv2D():
            arrays = [_named(weights, f"{name}.weight", 4).transpose(2, 3, 0, 1)]
        case keras.layers.Conv2D():
            arrays = [_named(weights, f"{name}.weight", 4).transpose(2, 3, 1, 0)]
        case _:
            arrays = [_named(weights, f"{name}.weight", 2).T, _named(weights, f"{name}.bias")]
    for array, variable in zip(arrays, layer.weights, strict=True):
        _check(name, array, tuple(variable.shape))
    return arrays


def _named(weights: Mapping[str, NDArray[Any]], name: str, rank: int = 1) -> NDArray[Any]:
    if name not in weights or weights[name].ndim != rank:
        raise DataError(f"expected weights of EfficientNet-Lite0 with {name}, received none such")
    return weights[name]


def _check(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise DataError(f"{name}: expected weights of shape {shape}, received {array.shape}")
