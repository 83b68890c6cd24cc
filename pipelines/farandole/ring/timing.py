"""Where the time of a training goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stopwatch:
    """Seconds by what they were spent on, by the given clock."""

    clock: Callable[[], float]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """Count the time inside as spent on `what`."""
        start = self.clock()
        try:
            yield
        finally:
            self.seconds[what] = self.seconds.get(what, 0.0) + self.clock() - start
