"""How a long step says how far it is: one JSON line at a bounded rate."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any


@dataclass
class Progress:
    """Writes lines `{"step", "phase", "done", "total", "unit", ...}` to a file that is followed.

    `path` None discards. `interval` is the least number of seconds between two lines of one phase;
    the first and the last line of a phase are always written.
    """

    path: Path | None
    step: str
    interval: float = 0.5
    clock: Callable[[], float] = monotonic
    _written: dict[str, float] = field(default_factory=dict)

    def update(
        self, phase: str, done: int, total: int | None, unit: str = "rows", **more: Any
    ) -> None:
        """Say that `done` of `total` (None: unknown) units of `phase` are finished."""
        now = self.clock()
        last = self._written.get(phase)
        if last is not None and now - last < self.interval and done != total:
            return
        self._written[phase] = now
        self._write(step=self.step, phase=phase, done=done, total=total, unit=unit, **more)

    def say(self, message: str) -> None:
        """Tell the person one sentence."""
        self._write(step=self.step, message=message)

    def _write(self, **line: Any) -> None:
        if self.path is None:
            return
        with self.path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")


SILENT = Progress(path=None, step="")
