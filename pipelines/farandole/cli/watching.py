"""What a person sees while steps work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from farandole.cli.bars import Bars
from farandole.cli.lines import Lines
from farandole.flows.events import Event


@contextmanager
def watching(console: Console, silent: bool) -> Iterator[Callable[[Event], None]]:
    """Return what to tell events to: bars on a terminal, lines in a log, nothing when silent."""
    if silent:
        yield _nothing
    elif console.is_terminal:
        with Bars(console) as bars:
            yield bars
    else:
        yield Lines(console)


def _nothing(_event: Event) -> None:
    pass
