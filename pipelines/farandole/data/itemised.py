"""Lists in messages: enough items to act on, and how many more there are."""

from __future__ import annotations

from collections.abc import Iterable

SHOWN = 20


def itemised(lines: Iterable[str], shown: int = SHOWN) -> str:
    """Return the lines indented below each other, with a count in place of those beyond `shown`."""
    every = list(lines)
    rest = [f"  ... and {len(every) - shown} more"] if len(every) > shown else []
    return "\n".join([*(f"  {line}" for line in every[:shown]), *rest])
