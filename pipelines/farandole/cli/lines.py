"""Progress as lines of text, where there is no terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from rich.console import Console

from farandole.cli.figures import duration, pace
from farandole.flows.events import Advanced, Event, Failed, Finished, Said, Started

EVERY = 10.0
"""Seconds between two lines of one phase."""


@dataclass(frozen=True)
class _Told:
    """What was told last of a phase, and when; the first seconds of a phase are no measure."""

    at: float
    done: int


class Lines:
    """Prints a line when a step begins and ends, and now and then how far it is."""

    def __init__(self, console: Console, clock: Callable[[], float] = monotonic) -> None:
        self._console = console
        self._clock = clock
        self._told: dict[tuple[str, str], _Told] = {}

    def __call__(self, event: Event) -> None:
        """Take in the next event."""
        match event:
            case Started(step):
                self._print(step, "begins")
            case Finished(step, seconds):
                self._print(step, f"done in {duration(seconds)}")
            case Said(step, message):
                self._print(step, message)
            case Advanced():
                self._advance(event)
            case Failed():
                pass  # told once, at the end

    def _advance(self, event: Advanced) -> None:
        now = self._clock()
        key = (event.step, event.phase)
        told = self._told.setdefault(key, _Told(now, event.done))
        if now - told.at < EVERY:
            return
        self._told[key] = _Told(now, event.done)
        rate = (event.done - told.done) / (now - told.at)
        self._print(event.step, f"{event.phase} {_count(event)}{_left(event, rate)}")

    def _print(self, step: str, text: str) -> None:
        self._console.print(f"{step:<10} {text}", markup=False, soft_wrap=True)


def _count(event: Advanced) -> str:
    of = "" if event.total is None else f" of {event.total:,}"
    return f"{event.done:,}{of} {event.unit}"


def _left(event: Advanced, rate: float) -> str:
    if rate <= 0:
        return ""
    left = "" if event.total is None else f", {duration((event.total - event.done) / rate)} left"
    return f", {pace(rate)}{left}"
