"""The layers that a network can be declared of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from farandole.api.activations import LINEAR, Activation
from farandole.api.part import OneOf, Part

Units = Annotated[int, Field(ge=1, le=65_536)]
Window = Annotated[int, Field(ge=1, le=64)]
Penalty = Annotated[float, Field(ge=0, le=10)]
Padding = Literal["same", "valid"]


class Dense(Part):
    """Every output sees every input."""

    units: Units = Field(description="Number of outputs.")
    activation: Activation = Field(LINEAR, description="Function at the layer's end.")
    l2: Penalty = Field(0.0, description="Weight of the squared kernel, added once to the loss.")


class Conv2d(Part):
    """A convolution over height and width."""

    filters: Units = Field(description="Number of output channels.")
    kernel: Window = Field(3, description="Height and width of the window.")
    strides: Window = Field(1, description="Step of the window.")
    padding: Padding = Field("same", description="same keeps the size; valid shrinks it.")
    activation: Activation = Field(LINEAR, description="Function at the layer's end.")
    l2: Penalty = Field(0.0, description="Weight of the squared kernel, added once to the loss.")


class DepthwiseConv2d(Part):
    """A convolution of each channel on its own."""

    multiplier: int = Field(1, ge=1, le=64, description="Output channels an input channel.")
    kernel: Window = Field(3, description="Height and width of the window.")
    strides: Window = Field(1, description="Step of the window.")
    padding: Padding = Field("same", description="same keeps the size; valid shrinks it.")
    activation: Activation = Field(LINEAR, description="Function at the layer's end.")
    l2: Penalty = Field(0.0, description="Weight of the squared kernel, added once to the loss.")


class SeparableConv2d(Part):
    """A convolution of each channel on its own, then a mix of the channels."""

    filters: Units = Field(description="Number of output channels.")
    kernel: Window = Field(3, description="Height and width of the window.")
    strides: Window = Field(1, description="Step of the window.")
    padding: Padding = Field("same", description="same keeps the size; valid shrinks it.")
    activation: Activation = Field(LINEAR, description="Function at the layer's end.")
    l2: Penalty = Field(0.0, description="Weight of the squared kernels, added once to the loss.")


class MaxPooling(Part):
    """The largest value of each window."""

    size: Window = Field(2, description="Height and width of the window.")
    strides: Window | None = Field(None, description="Step of the window; left out: its size.")


class AveragePooling(Part):
    """The mean of each window."""

    size: Window = Field(2, description="Height and width of the window.")
    strides: Window | None = Field(None, description="Step of the window; left out: its size.")


class GlobalMaxPooling(Part):
    """The largest value of each channel."""


class GlobalAveragePooling(Part):
    """The mean of each channel."""


class Flatten(Part):
    """All values of a row in one vector."""


class Dropout(Part):
    """Zero a share of the inputs while training; scale the rest up."""

    rate: float = Field(ge=0, lt=1, description="Share of the inputs that are zeroed.")


class BatchNormalization(Part):
    """Mean 0 and variance 1 a channel, over the whole global batch; no bias before it."""

    momentum: float = Field(0.99, ge=0, lt=1, description="Share of the moving statistics kept.")
    epsilon: float = Field(1e-3, gt=0, le=1, description="Added to the variance.")


class Embedding(Part):
    """A learnt vector for each whole number."""

    inputs: int = Field(ge=1, le=100_000_000, description="One more than the largest number.")
    units: Units = Field(description="Length of the vector.")


class Layer(OneOf):
    """One layer of a declared network."""

    dense: Dense | None = Field(None, description="Every output sees every input.")
    conv2d: Conv2d | None = Field(None, description="Convolution over height and width.")
    depthwise_conv2d: DepthwiseConv2d | None = Field(
        None, description="Convolution of each channel on its own."
    )
    separable_conv2d: SeparableConv2d | None = Field(
        None, description="Depthwise convolution, then a mix of the channels."
    )
    max_pooling: MaxPooling | None = Field(None, description="Largest value of each window.")
    average_pooling: AveragePooling | None = Field(None, description="Mean of each window.")
    global_max_pooling: GlobalMaxPooling | None = Field(
        None, description="Largest value of each channel."
    )
    global_average_pooling: GlobalAveragePooling | None = Field(
        None, description="Mean of each channel."
    )
    flatten: Flatten | None = Field(None, description="All values in one vector.")
    dropout: Dropout | None = Field(None, description="Zero a share of the inputs in training.")
    batch_normalization: BatchNormalization | None = Field(
        None, description="Mean 0 and variance 1 over the global batch."
    )
    embedding: Embedding | None = Field(None, description="A learnt vector a whole number.")
    activation: Activation | None = Field(None, description="A function on its own.")
