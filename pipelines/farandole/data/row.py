"""One row of prepared data, as every later step knows it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Row:
    """A row: sha256 of its content, where it came from, its label, and its cluster.

    Rows of one cluster are duplicates of each other, exact or near, or of one group: they are no
    independent evidence. `width`, `height` (pixels, upright) and `bytes` are 0 for tables.
    """

    digest: str
    path: str
    label: str | float
    cluster: str
    width: int = 0
    height: int = 0
    bytes: int = 0


def to_lines(rows: Iterable[Row]) -> bytes:
    """Write rows as JSON lines, keys sorted."""
    names = sorted(field.name for field in fields(Row))
    every = ({name: getattr(row, name) for name in names} for row in rows)
    return "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in every).encode()


def from_lines(content: bytes) -> list[Row]:
    """Read rows from JSON lines."""
    return [Row(**json.loads(line)) for line in content.decode().split("\n") if line]
