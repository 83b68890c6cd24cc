"""How weights move: losses, optimizers, schedules of the learning rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from farandole.api.errors import Problem
from farandole.api.part import OneOf, Part

Rate = Annotated[float, Field(gt=0, le=100)]
Momentum = Annotated[float, Field(ge=0, lt=1)]
Warmup = Annotated[float, Field(ge=0, le=1000)]


class CrossEntropy(Part):
    """Minus the log of the probability of the true class."""

    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="Share of the truth that is spread over all classes."
    )


class MeanSquaredError(Part):
    """The squared error."""


class MeanAbsoluteError(Part):
    """The absolute error."""


class Huber(Part):
    """Squared up to delta, absolute beyond."""

    delta: float = Field(1.0, gt=0, le=1e9, description="Error where the loss becomes linear.")


class Loss(OneOf):
    """What training makes small."""

    cross_entropy: CrossEntropy | None = Field(None, description="For classification.")
    mean_squared_error: MeanSquaredError | None = Field(None, description="For regression.")
    mean_absolute_error: MeanAbsoluteError | None = Field(
        None, description="For regression, less moved by outliers."
    )
    huber: Huber | None = Field(None, description="Squared for small errors, absolute for large.")


class Sgd(Part):
    """Stochastic gradient descent."""

    learning_rate: Rate = Field(0.01, description="Step size.")
    momentum: Momentum = Field(0.0, description="Share of the last step that is kept.")
    nesterov: bool = Field(False, description="Look ahead along the momentum.")

    def problems(self) -> Iterator[Problem]:
        """Refuse Nesterov without momentum."""
        if self.nesterov and self.momentum == 0:
            yield Problem("nesterov", "true with momentum 0", "momentum > 0 beside it")


class Rmsprop(Part):
    """Steps divided by a running root mean square of the gradient."""

    learning_rate: Rate = Field(0.001, description="Step size.")
    rho: Momentum = Field(0.9, description="Share of the mean square that is kept.")
    momentum: Momentum = Field(0.0, description="Share of the last step that is kept.")
    epsilon: float = Field(1e-7, gt=0, le=1, description="Keeps the divisor from zero.")


class Adam(Part):
    """Adaptive moments."""

    learning_rate: Rate = Field(0.001, description="Step size.")
    beta1: Momentum = Field(0.9, description="Share of the mean gradient that is kept.")
    beta2: Momentum = Field(0.999, description="Share of the mean square that is kept.")
    epsilon: float = Field(1e-7, gt=0, le=1, description="Keeps the divisor from zero.")


class Adamw(Part):
    """Adaptive moments with decoupled weight decay."""

    learning_rate: Rate = Field(0.001, description="Step size.")
    beta1: Momentum = Field(0.9, description="Share of the mean gradient that is kept.")
    beta2: Momentum = Field(0.999, description="Share of the mean square that is kept.")
    epsilon: float = Field(1e-7, gt=0, le=1, description="Keeps the divisor from zero.")
    weight_decay: float = Field(
        0.004, ge=0, le=1, description="Share of a weight that a step of size 1 takes away."
    )


class Optimizer(OneOf):
    """The rule by which weights follow the gradient."""

    sgd: Sgd | None = Field(None, description="Stochastic gradient descent, momentum, Nesterov.")
    rmsprop: Rmsprop | None = Field(None, description="Running root mean square.")
    adam: Adam | None = Field(None, description="Adaptive moments.")
    adamw: Adamw | None = Field(None, description="Adaptive moments, decoupled weight decay.")


class Constant(Part):
    """The same rate after warm-up."""

    warmup_epochs: Warmup = Field(0.0, description="Epochs in which the rate grows from 0.")


class Cosine(Part):
    """Half a cosine from the rate down to 0 at the last step."""

    warmup_epochs: Warmup = Field(0.0, description="Epochs in which the rate grows from 0.")


class Exponential(Part):
    """The rate times a factor every epoch."""

    rate: float = Field(0.95, gt=0, le=1, description="Factor of an epoch.")
    warmup_epochs: Warmup = Field(0.0, description="Epochs in which the rate grows from 0.")


class Piecewise(Part):
    """Steps at fixed epochs."""

    boundaries: tuple[Annotated[float, Field(gt=0, le=100_000)], ...] = Field(
        min_length=1, max_length=64, strict=False, description="Epochs where the factor changes."
    )
    values: tuple[Annotated[float, Field(ge=0, le=1000)], ...] = Field(
        min_length=2,
        max_length=65,
        strict=False,
        description="Factors of the learning rate: one before the first boundary, one after each.",
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse boundaries out of order, and a number of values that does not fit."""
        if list(self.boundaries) != sorted(set(self.boundaries)):
            yield Problem("boundaries", f"{list(self.boundaries)}", "epochs that grow")
        if len(self.values) != len(self.boundaries) + 1:
            expected = f"{len(self.boundaries) + 1} values: one more than boundaries"
            yield Problem("values", f"{len(self.values)} values", expected)


class Schedule(OneOf):
    """How the learning rate changes over the epochs."""

    constant: Constant | None = Field(None, description="The same rate after warm-up.")
    cosine: Cosine | None = Field(None, description="Half a cosine down to 0.")
    exponential: Exponential | None = Field(None, description="A factor every epoch.")
    piecewise: Piecewise | None = Field(None, description="Factors between fixed epochs.")
