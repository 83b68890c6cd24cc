"""The search for better parameters, judged on validation rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from farandole.api.errors import Problem
from farandole.api.part import NotYet, OneOf, Part, Seed

Number = Annotated[float, Field(ge=-1e12, le=1e12)]
Whole = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
Trials = Annotated[int, Field(ge=1, le=10_000)]
Batch = Annotated[int, Field(ge=1, le=256)]


class _Interval(Part):
    low: Number = Field(description="Smallest value.")
    high: Number = Field(description="Largest value.")

    def problems(self) -> Iterator[Problem]:
        """Refuse an empty interval."""
        if not self.low < self.high:
            yield Problem("", f"low {self.low:g}, high {self.high:g}", "low < high")


class Uniform(_Interval):
    """Any number between, all alike."""


class LogUniform(_Interval):
    """Any number between, every order of magnitude alike."""

    def problems(self) -> Iterator[Problem]:
        """Refuse an empty interval, and one that reaches zero."""
        yield from super().problems()
        if self.low <= 0:
            yield Problem("low", f"{self.low:g}", "a number > 0")


class Integer(Part):
    """Whole numbers."""

    low: Whole = Field(description="Smallest value.")
    high: Whole = Field(description="Largest value.")
    step: int = Field(1, ge=1, le=2**31 - 1, description="Distance between two values.")

    def problems(self) -> Iterator[Problem]:
        """Refuse an empty interval, and a step that misses its end."""
        if not self.low < self.high:
            yield Problem("", f"low {self.low}, high {self.high}", "low < high")
        elif (self.high - self.low) % self.step:
            end = self.high - (self.high - self.low) % self.step
            received = f"{self.step} from {self.low} to {self.high}"
            yield Problem("step", received, "a step that meets high", f"high {end} would fit")


class Choice(Part):
    """A few values by name or number."""

    numbers: tuple[Number, ...] | None = Field(
        None, min_length=2, max_length=64, strict=False, description="The values, if numbers."
    )
    names: tuple[Annotated[str, Field(max_length=64)], ...] | None = Field(
        None, min_length=2, max_length=64, strict=False, description="The values, if names."
    )

    @property
    def values(self) -> tuple[float, ...] | tuple[str, ...]:
        """The values, in the order of the document."""
        return self.numbers or self.names or ()

    def problems(self) -> Iterator[Problem]:
        """Refuse none or both kinds of values, and a value written twice."""
        if (self.numbers is None) == (self.names is None):
            received = "none of them" if self.numbers is None else "both numbers and names"
            yield Problem("", received, "exactly one of numbers, names")
        elif len(set(self.values)) < len(self.values):
            yield Problem("", f"{list(self.values)}", "every value once")


class Parameter(OneOf):
    """One parameter of the recipe, and the values it may take."""

    parameter: str = Field(
        min_length=1,
        max_length=253,
        description="Path in the recipe, as training.optimizer.sgd.learningRate.",
    )
    uniform: Uniform | None = Field(None, description="Any number between.")
    log_uniform: LogUniform | None = Field(
        None, description="Any number between, every order of magnitude alike."
    )
    integer: Integer | None = Field(None, description="Whole numbers between.")
    choice: Choice | None = Field(None, description="A few values.")


class RandomSearch(Part):
    """Trials drawn at random."""

    trials: Trials = Field(20, description="Trials in all; the first is the document's own.")
    batch: Batch = Field(4, description="Trials proposed together, before their results.")
    seed: Seed = Field(7, description="Seed of the search.")


class Tpe(Part):
    """Trials drawn where good ones were dense (tree-structured Parzen estimator)."""

    trials: Trials = Field(20, description="Trials in all; the first is the document's own.")
    batch: Batch = Field(4, description="Trials proposed together, before their results.")
    seed: Seed = Field(7, description="Seed of the search.")


class Tuning(OneOf):
    """A search over the space, judged on the validation split."""

    random: RandomSearch | None = Field(None, description="Trials drawn at random.")
    tpe: Tpe | None = Field(None, description="Trials drawn where good ones were dense.")
    asha: Annotated[None, NotYet("random or tpe")] = Field(
        None, description="Reserved: successive halving."
    )
    architecture: Annotated[None, NotYet("random or tpe over network.layers")] = Field(
        None, description="Reserved: reinforcement-learned architecture search."
    )
    space: tuple[Parameter, ...] = Field(
        min_length=1, max_length=32, strict=False, description="The parameters that are searched."
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse none or several searches, and a parameter searched twice."""
        yield from super().problems()
        seen: set[str] = set()
        for index, item in enumerate(self.space):
            if item.parameter in seen:
                path = f"space[{index}].parameter"
                yield Problem(path, f'"{item.parameter}" again', "every parameter once")
            seen.add(item.parameter)
