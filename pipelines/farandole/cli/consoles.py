"""Where a person reads: results on standard output, all else on standard error."""

from __future__ import annotations

from rich.console import Console


def out() -> Console:
    """The console of results."""
    return Console(highlight=False)


def err() -> Console:
    """The console of progress and errors."""
    return Console(stderr=True, highlight=False)
