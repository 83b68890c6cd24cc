"""A rank's heartbeat: eight bytes that say which step it is in, readable even after kill -9."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Protocol

_LAYOUT = struct.Struct("<q")  # launch reads the same eight bytes, little endian; -1: no step yet


class Heartbeat(Protocol):
    """Where a rank says which step it begins."""

    def beat(self, step: int) -> None:
        """Say that `step` begins."""
        ...


class Silent:
    """Nobody follows this process."""

    def beat(self, step: int) -> None:
        """Say nothing."""


class MappedFile:
    """A file in memory: a beat costs no system call, and the kernel keeps it when we are killed."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(_LAYOUT.pack(-1))
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), _LAYOUT.size)

    def beat(self, step: int) -> None:
        """Write the number of the step that begins."""
        self._bytes[:] = _LAYOUT.pack(step)


def heartbeat(path: Path | None) -> Heartbeat:
    """Return the heartbeat at `path`; None: nobody follows."""
    return Silent() if path is None else MappedFile(path)
