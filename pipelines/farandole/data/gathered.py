"""What preparing knows once every row was read once, be it an image or a line of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from json import dumps
from typing import Any, Literal, Protocol

from farandole.api.progress import Progress
from farandole.data.columns import ColumnReport
from farandole.data.duplicates import Numbers
from farandole.data.plan import Plan
from farandole.data.row import Row
from farandole.data.skipped import Skipped
from farandole.data.split import Mark, SplitName
from farandole.data.store import Store


@dataclass(frozen=True)
class Facts:
    """Rows with what the plan goes by, and what the manifest tells; all in one order.

    `twins` [n] numbers the clusters of duplicates. `digest` is the data digest.
    """

    kind: Literal["images", "table"]
    digest: str
    rows: Sequence[Row]
    marks: Sequence[Mark]
    twins: Numbers
    skipped: tuple[Skipped, ...] = ()
    ignored: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, ColumnReport] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


class Gathered(Protocol):
    """Rows that were read: facts to plan with, and a way to write what was planned."""

    @property
    def facts(self) -> Facts:
        """What is known of the rows."""
        ...

    def write(
        self, store: Store, folder: str, plan: Plan, split: SplitName, progress: Progress
    ) -> dict[str, Any]:
        """Write the content of a split; returns the fields of SplitManifest that say where."""
        ...

    def statistics(self, positions: Sequence[int]) -> dict[str, Any]:
        """Summarise the rows at these positions as plain JSON values."""
        ...


def digest_over(rows: Iterable[Sequence[str | None]]) -> str:
    """Return the sha256 over rows of texts, whatever order they come in."""
    lines = sorted(dumps(row, ensure_ascii=False).encode() for row in rows)
    return sha256(b"\n".join(lines)).hexdigest()
