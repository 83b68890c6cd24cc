"""Duplicates that span splits: one side keeps its rows, the others lose theirs.

Test rows are kept, since they decide; else validation rows; the rest are excluded and listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from farandole.data.skipped import Skipped

KEPT_FIRST = ("test", "validation", "train")


def leaks(
    clusters: Sequence[int], sides: Sequence[str], paths: Sequence[str]
) -> dict[int, Skipped]:
    """Return the rows to exclude by position, each with the row that stays in its stead."""
    members: defaultdict[int, list[int]] = defaultdict(list)
    for position, cluster in enumerate(clusters):
        members[cluster].append(position)
    spanning = (each for each in members.values() if len({sides[one] for one in each}) > 1)
    return {position: skip for each in spanning for position, skip in _excluded(each, sides, paths)}


def _excluded(
    members: Sequence[int], sides: Sequence[str], paths: Sequence[str]
) -> Iterable[tuple[int, Skipped]]:
    kept = min(members, key=lambda one: (KEPT_FIRST.index(sides[one]), paths[one]))
    for one in members:
        if sides[one] != sides[kept]:
            reason = f"of {sides[one]}: the same as {paths[kept]} of {sides[kept]}"
            yield one, Skipped(path=paths[one], reason=reason)
