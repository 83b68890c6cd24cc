"""The watchdog: ranks that say nothing for too long hang, and the one that is behind is named."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from farandole.api.errors import RingError


class HangError(RingError):
    """All ranks stood still for longer than is allowed, and were ended."""


def steps_of(folder: Path, ranks: int) -> list[int | None]:
    """Return the last step each rank began; None for one that has not said."""
    return [_step(_content(folder / f"{rank}.step")) for rank in range(ranks)]


@dataclass
class Silence:
    """Follows the heartbeats of `ranks` ranks and the length of a progress file.

    `seconds` is how long all of them may stand still.
    """

    folder: Path
    ranks: int
    progress: Path | None
    seconds: float
    clock: Callable[[], float]
    _seen: tuple[bytes | int | None, ...] = ()
    _since: float = field(default=0.0)

    def broken_for(self) -> float:
        """Return for how many seconds nothing has moved."""
        beats = (_content(self._path(rank)) for rank in range(self.ranks))
        now, seen = self.clock(), (*beats, self._length())
        if seen != self._seen:
            self._seen, self._since = seen, now
        return now - self._since

    @property
    def too_long(self) -> bool:
        """Whether nothing has moved for longer than is allowed."""
        return self.broken_for() > self.seconds

    def steps(self) -> list[int | None]:
        """Return the step each rank is in; None for one that has not said."""
        return steps_of(self.folder, self.ranks)

    def describe(self) -> str:
        """Say which rank hangs: the one that is behind, where one is."""
        steps = self.steps()
        known = [step for step in steps if step is not None]
        behind = [r for r, step in enumerate(steps) if step is None or step < max(known)]
        stand = ", ".join(f"rank {r} {_where(step)}" for r, step in enumerate(steps))
        blame = f"; rank {behind[0]} is behind" if known and behind else ""
        return f"no rank made progress for {self.seconds:.0f} s ({stand}{blame})"

    def _path(self, rank: int) -> Path:
        return self.folder / f"{rank}.step"

    def _length(self) -> int | None:
        exists = self.progress is not None and self.progress.exists()
        return self.progress.stat().st_size if self.progress is not None and exists else None


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _step(content: bytes) -> int | None:
    step, _ = struct.unpack("<qq", content) if len(content) == 16 else (-1, 0)
    return int(step) if step >= 0 else None


def _where(step: int | None) -> str:
    return "has not begun" if step is None else f"is in step {step}"
