"""Where a person reads: results on standard output, all else on standard error."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console


def out() -> Console:
    """The console of results."""
    return Console(highlight=False)


def err(stream: TextIO | None = None) -> Console:
    """The console of progress and errors, on standard error or what stands for it."""
    return Console(file=stream, stderr=True, highlight=False)
