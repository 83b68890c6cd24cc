"""Schedules: the learning rate as a pure function of the global step."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from math import cos, pi

from farandole.api.optimizers import (
    Constant,
    Cosine,
    Exponential,
    Optimizer,
    Piecewise,
    Schedule,
)

Rate = Callable[[int], float]


def schedule(declared: Schedule, optimizer: Optimizer, steps: int, epochs: int) -> Rate:
    """Make the function from the global step (from 0) to the learning rate.

    `steps` are those of one epoch. With warm-up of w steps, step s < w has (s + 1) / w of the
    rate; the schedule begins after it. Source of warm-up: Goyal et al. 2017.
    """
    base = learning_rate(optimizer)
    _, branch = declared.chosen()
    warmup = round(getattr(branch, "warmup_epochs", 0) * steps)
    factor = _factor(branch, steps, warmup, steps * epochs)

    def rate(step: int) -> float:
        return base * ((step + 1) / warmup if step < warmup else factor(step))

    return rate


def learning_rate(optimizer: Optimizer) -> float:
    """Give the learning rate that the optimizer declares."""
    _, branch = optimizer.chosen()
    rate: float = branch.learning_rate  # type: ignore[attr-defined]  # every optimizer has one
    return rate


def _factor(branch: object, steps: int, warmup: int, total: int) -> Rate:
    match branch:
        case Cosine():
            last = max(total - 1 - warmup, 1)
            return lambda step: 0.5 * (1 + cos(pi * min((step - warmup) / last, 1.0)))
        case Exponential(rate=rate):
            return lambda step: rate ** ((step - warmup) / steps)
        case Piecewise(boundaries=boundaries, values=values):
            return lambda step: values[bisect_right(boundaries, step / steps)]
        case Constant():
            return lambda _: 1.0
    raise AssertionError(branch)
