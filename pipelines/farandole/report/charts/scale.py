"""Values to pixels, and ticks at round numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, isclose, log10

_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place in pixels and what it says."""

    at: float
    label: str


@dataclass(frozen=True)
class Scale:
    """A linear map from `low`..`high` to pixels `start`..`end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel of a value, to a tenth; outside values stop at the edge."""
        inside = min(max(value, self.low), self.high)
        part = (inside - self.low) / (self.high - self.low)
        return round(self.start + part * (self.end - self.start), 1)

    def ticks(self, most: int = 5) -> tuple[Tick, ...]:
        """At most about `most` ticks at round values inside the scale."""
        step = round_step((self.high - self.low) / max(most, 1))
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        values = [each * step for each in range(first, last + 1)]
        return tuple(Tick(self(value), tick_label(value, step)) for value in values)


def round_step(rough: float) -> float:
    """The next step of 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** floor(log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough * (1 - 1e-9))


def tick_label(value: float, step: float) -> str:
    """As many decimals as the step has; thousands as 50k, millions as 2M."""
    if isclose(value, 0, abs_tol=step * 1e-6):
        return "0" if step >= 1 else f"{0:.{_decimals(step)}f}"
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if step >= unit or (abs(value) >= unit and isclose(value / unit, round(value / unit, 2))):
            return f"{value / unit:g}{letter}"
    return f"{value:.{_decimals(step)}f}"


def _decimals(step: float) -> int:
    decimals = max(0, -floor(log10(step) + 1e-9))
    fine = not isclose(step * 10**decimals, round(step * 10**decimals))
    return decimals + fine


def scale_of(values: Iterable[float], start: float, end: float, margin: float = 0.05) -> Scale:
    """A scale that holds all values, with a margin of its width on both sides."""
    values = list(values) or [0.0, 1.0]
    low, high = min(values), max(values)
    room = (high - low) * margin or abs(high) * 0.1 or 1.0
    return Scale(low - room, high + room, start, end)
