"""Figures as a person reads them aloud."""

from __future__ import annotations

from math import floor, log10

from farandole.evaluation.intervals import Interval
from farandole.evaluation.metric import METRICS

IN_UNITS = ("rmse", "mae")


def figure(metric: str, value: float) -> str:
    """A value of the metric: three decimals, or four digits where it has the target's units."""
    if metric not in IN_UNITS or value == 0:
        return f"{value:.3f}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{min(3 - floor(log10(abs(value))), 9)}f}"


def gained(metric: str) -> str:
    """What a gain is called: differences of errors are turned round, and are improvements."""
    return "difference" if METRICS[metric].higher_is_better else "improvement"


def percent(share: float) -> str:
    """A confidence: `95 %`."""
    return f"{100 * share:.3g} %"


def bracketed(metric: str, gain: Interval) -> str:
    """`95 % interval [0.071, 0.190]`."""
    low, high = figure(metric, gain.low), figure(metric, gain.high)
    return f"{percent(gain.confidence)} interval [{low}, {high}]"
