"""Numbers as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, isfinite, log10

SIGNIFICANT = 4


def decimals(values: Iterable[float]) -> int:
    """Return how many decimals show four digits of the largest of some values."""
    largest = max((abs(value) for value in values if isfinite(value)), default=0.0)
    if largest == 0:
        return SIGNIFICANT - 1
    return min(9, max(0, SIGNIFICANT - 1 - floor(log10(largest))))


def figure(value: float, places: int) -> str:
    """Write a value with its thousands apart."""
    return f"{value:,.{places}f}"


def duration(seconds: float) -> str:
    """Write a time: `4.2 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def pace(per_second: float) -> str:
    """Write a rate: `1,234/s`, `2.5/s`, `4.0/min`."""
    if per_second >= 10:
        return f"{per_second:,.0f}/s"
    if per_second >= 1:
        return f"{per_second:.1f}/s"
    return f"{per_second * 60:.1f}/min"
