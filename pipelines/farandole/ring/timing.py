"""Where the time of a training goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stopwatch:
    """Seconds of the training thread by what they were spent on, by the given clock.

    `fit` knows "total" and its parts "resume", "tracing" (the first step, which is compiled),
    "input" (waiting for the next share), and of later steps "compute" and "reduction" (from this
    rank's last gradient to the sum over ranks), "checkpoint" (what the steps lose to them),
    "validation" and "digest"; what is left of the total is the loop's own.
    """

    clock: Callable[[], float]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """Count the time inside as spent on `what`."""
        start = self.clock()
        try:
            yield
        finally:
            self.since(start, what)

    def since(self, start: float, what: str) -> float:
        """Count the time since `start` as spent on `what`; return now: a step needs no more."""
        now = self.clock()
        self.seconds[what] = self.seconds.get(what, 0.0) + now - start
        return now

    def move(self, seconds: float, source: str, target: str) -> None:
        """Count seconds that lie within `source` as `target`: at most what `source` has."""
        moved = min(seconds, self.seconds[source])
        self.seconds[source] -= moved
        self.seconds[target] = self.seconds.get(target, 0.0) + moved
