"""Bars of time: every phase, its parts below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from farandole.report.sections import Spent


@dataclass(frozen=True)
class Bar:
    """One phase: its time, its share of the whole, and its width in percent of the longest."""

    phase: str
    seconds: float
    share: float
    width: float
    part: bool


@dataclass(frozen=True)
class Bars:
    """All phases in order, and the time of the whole: parts are not counted twice."""

    total: float
    bars: tuple[Bar, ...]


def bars(spent: Sequence[Spent]) -> Bars:
    """Lay out phases in the order given; a part without its phase stands for itself."""
    phases = {each.phase for each in spent if each.within is None}
    whole = [each for each in spent if each.within not in phases]
    total = sum(each.seconds for each in whole)
    longest = max((each.seconds for each in whole), default=0.0)
    ordered = [
        (each, each is not phase)
        for phase in whole
        for each in (phase, *(part for part in spent if part.within == phase.phase))
    ]
    return Bars(
        total,
        tuple(
            Bar(
                each.phase,
                each.seconds,
                each.seconds / total if total else 0.0,
                round(min(100 * each.seconds / longest, 100), 1) if longest else 0.0,
                part,
            )
            for each, part in ordered
        ),
    )
