"""What a run has said so far, and why it failed when it did."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from farandole.api import FarandoleError
from farandole.flows.events import Event, Failed, Finished, Started

UNEXPECTED = 1
"""Exit code of a run that stopped for a reason that no step could say."""

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
TAIL = 15
"""Lines of the log that are shown when there is nothing better."""


class StepFailed(FarandoleError):  # noqa: N818  the name says what is so
    """A step ended with an error; the message is the step's own, `code` what the run exits with."""

    def __init__(self, step: str, error: str, code: int, kind: str) -> None:
        self.step, self.code, self.kind = step, code, kind
        super().__init__(error)


class Heard:
    """Keeps what matters of a run's events and passes each on to `watch`."""

    def __init__(self, watch: Callable[[Event], None]) -> None:
        self._watch = watch
        self._running: list[str] = []
        self._failed: Failed | None = None
        self.seconds: dict[str, float] = {}

    def all(self, events: Iterable[Event]) -> None:
        """Take in the next events."""
        for event in events:
            self._take(event)
            self._watch(event)

    def failure(self, log: Path) -> StepFailed:
        """Return why the run has no outcome: what a step said, else the end of the log."""
        if self._failed is not None:
            failed = self._failed
            return StepFailed(failed.step, failed.error, failed.code, failed.kind)
        step = self._running[-1] if self._running else "the pipeline"
        return StepFailed(step, _silent(step, log), UNEXPECTED, "Silent")

    def _take(self, event: Event) -> None:
        if isinstance(event, Started):
            self._running.append(event.step)
        elif isinstance(event, Finished):
            self._running.remove(event.step)
            self.seconds[event.step] = event.seconds
        elif isinstance(event, Failed) and self._failed is None:
            self._failed = event


def _silent(step: str, log: Path) -> str:
    text = COLOURS.sub("", log.read_text(encoding="utf-8", errors="replace"))
    lines = [line for line in text.splitlines() if line.strip()][-TAIL:]
    shown = "\n".join(f"  {line}" for line in lines)
    return (
        f"expected a result or a reason from {step}, received neither: its process ended by itself "
        "(killed from outside, or the machine ran out of memory); free some memory and run again "
        f"to go on from here. The log {log} ends:\n{shown}"
    )
