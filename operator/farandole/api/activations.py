"""The activations that a declared layer can have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from farandole.api.part import OneOf, Part

Slope = Annotated[float, Field(ge=0, le=10)]


class Linear(Part):
    """x."""


class Sigmoid(Part):
    """1 / (1 + exp(-x))."""


class Tanh(Part):
    """The hyperbolic tangent."""


class Relu(Part):
    """max(x, 0)."""


class LeakyRelu(Part):
    """x where x > 0, else slope * x."""

    slope: Slope = Field(0.3, description="Slope for x < 0.")


class Prelu(Part):
    """x where x > 0, else a learnt slope a unit times x."""


class Elu(Part):
    """x where x > 0, else alpha * (exp(x) - 1)."""

    alpha: Slope = Field(1.0, description="Where the curve ends for very negative x, negated.")


class Softmax(Part):
    """exp(x) over its sum along the last axis."""


class Gelu(Part):
    """x times the normal distribution function of x."""


class Swish(Part):
    """x times the sigmoid of x."""


class Activation(OneOf):
    """The function at a layer's end."""

    linear: Linear | None = Field(None, description="x: no function.")
    sigmoid: Sigmoid | None = Field(None, description="1 / (1 + exp(-x)).")
    tanh: Tanh | None = Field(None, description="The hyperbolic tangent.")
    relu: Relu | None = Field(None, description="max(x, 0).")
    leaky_relu: LeakyRelu | None = Field(None, description="A fixed slope for x < 0.")
    prelu: Prelu | None = Field(None, description="A learnt slope for x < 0.")
    elu: Elu | None = Field(None, description="alpha * (exp(x) - 1) for x < 0.")
    softmax: Softmax | None = Field(None, description="exp(x) over its sum.")
    gelu: Gelu | None = Field(None, description="x times the normal distribution function.")
    swish: Swish | None = Field(None, description="x times the sigmoid of x.")


LINEAR = Activation(linear=Linear())
