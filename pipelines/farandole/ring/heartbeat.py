"""A rank's heartbeat: which step it is in, and that it moves; readable even after kill -9."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Protocol

# Launch reads the same sixteen bytes, little endian: the step (-1: none yet), and a count of beats.
_LAYOUT = struct.Struct("<qq")


class Heartbeat(Protocol):
    """Where a rank says which step it is in, as often as it gets on."""

    def beat(self, step: int) -> None:
        """Say that this rank moves, and is in `step`."""
        ...


class Silent:
    """Nobody follows this process."""

    def beat(self, step: int) -> None:
        """Say nothing."""


class MappedFile:
    """A file in memory: a beat costs no system call, and the kernel keeps it when we are killed."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(_LAYOUT.pack(-1, 0))
        self._beats = 0
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), _LAYOUT.size)

    def beat(self, step: int) -> None:
        """Write the number of the step, and of the beat."""
        self._beats += 1
        self._bytes[:] = _LAYOUT.pack(step, self._beats)


def heartbeat(path: Path | None) -> Heartbeat:
    """Return the heartbeat at `path`; None: nobody follows."""
    return Silent() if path is None else MappedFile(path)
