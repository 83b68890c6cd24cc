"""What steps say while they work, read from the progress file of a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Started:
    """A step has begun."""

    step: str


@dataclass(frozen=True)
class Finished:
    """A step is done."""

    step: str
    seconds: float


@dataclass(frozen=True)
class Failed:
    """A step has ended with an error: `code` is what the run exits with, `kind` its class."""

    step: str
    error: str
    code: int
    kind: str


@dataclass(frozen=True)
class Advanced:
    """A step has finished `done` of `total` (None: unknown) units of a phase."""

    step: str
    phase: str
    done: int
    total: int | None
    unit: str


@dataclass(frozen=True)
class Said:
    """A step tells the person one sentence."""

    step: str
    message: str


Event = Started | Finished | Failed | Advanced | Said


class Follower:
    """Reads the events that were appended to a progress file since the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[Event]:
        """Return the new events; a line still being written waits for its end."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        events = [event_of(line) for line in whole.splitlines() if line]
        return [event for event in events if event is not None]


def event_of(line: bytes) -> Event | None:
    """Read one line; None for what a person need not see, such as a step that was interrupted."""
    try:
        said: dict[str, Any] = json.loads(line)
    except ValueError:
        return Said("", line.decode(errors="replace"))
    step = str(said.get("step", ""))
    if "state" in said:
        return _turn(step, said)
    if "message" in said:
        return Said(step, said["message"])
    if "phase" in said:
        return Advanced(step, said["phase"], said["done"], said["total"], said.get("unit", "rows"))
    return None


def _turn(step: str, said: dict[str, Any]) -> Event | None:
    match said["state"]:
        case "started":
            return Started(step)
        case "finished":
            return Finished(step, said["seconds"])
        case "failed":
            return Failed(step, said["error"], said["exit_code"], said.get("kind", ""))
    return None
