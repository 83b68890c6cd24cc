"""A file that has its name only when it is whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PARTIAL = ".partial-"  # how the name of a file begins while it is being written


@contextmanager
def partial(path: Path) -> Iterator[Path]:
    """Give a hidden name beside `path` to write to, and leave nothing under it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_name(PARTIAL + secrets.token_hex(8))
    try:
        yield hidden
    finally:
        with suppress(OSError):
            hidden.unlink(missing_ok=True)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open `path` for writing; it appears, or is replaced, when the block ends without an error."""
    with partial(path) as hidden:
        with hidden.open("xb") as out:
            yield out
            sync(out)
        hidden.replace(path)


def sync(out: BinaryIO) -> None:
    """Reach the disk before the name appears: else a power cut leaves a name without content."""
    out.flush()
    os.fsync(out.fileno())
