"""The plan: which rows lie in which split, in which order; decided before anything is written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from farandole.api.data import Split
from farandole.data.coverage import classes_of, refuse_uncovered
from farandole.data.duplicates import Numbers, components
from farandole.data.leaks import leaks
from farandole.data.manifest import Duplicates, Shares
from farandole.data.row import Row
from farandole.data.split import SPLITS, Mark, SplitName, assign

LISTED = 50  # clusters that a manifest shows


@dataclass(frozen=True)
class Plan:
    """Positions of the rows of each split, in seeded order; rows with their final cluster."""

    rows: tuple[Row, ...]
    splits: Mapping[SplitName, tuple[int, ...]]
    classes: tuple[str, ...]
    shares: Shares
    duplicates: Duplicates

    def of(self, split: SplitName) -> list[Row]:
        """Return the rows of one split, in order."""
        return [self.rows[position] for position in self.splits[split]]

    def counts(self, split: SplitName) -> dict[str, int]:
        """Return the rows of each class in one split; empty for regression."""
        counts = Counter(row.label for row in self.of(split))
        return {name: counts[name] for name in self.classes}


def plan(
    rows: Sequence[Row], marks: Sequence[Mark], twins: Numbers, split: Split, *, classified: bool
) -> Plan:
    """Assign rows to splits by their marks, keep clusters of `twins` [n] on one side, and order.

    Raises DataError when a class has too few rows, or a split is left without one.
    """
    classes = classes_of(rows) if classified else ()
    sides = assign(marks, split)
    excluded = leaks(twins.tolist(), sides, [row.path for row in rows])
    kept = [position for position in range(len(rows)) if position not in excluded]
    final = _clustered(rows, marks, twins, kept)
    splits = {name: _ordered(final, sides, kept, name, split.seed) for name in SPLITS}
    made = Plan(
        rows=tuple(final),
        splits=splits,
        classes=classes,
        shares=_shares(splits, split),
        duplicates=_duplicates(rows, twins).model_copy(
            update={"excluded": tuple(excluded[each] for each in sorted(excluded))}
        ),
    )
    refuse_uncovered({name: made.counts(name) for name in SPLITS}, splits, split)
    return made


def _clustered(
    rows: Sequence[Row], marks: Sequence[Mark], twins: Numbers, kept: Sequence[int]
) -> list[Row]:
    """Name each row's cluster, duplicates and groups chained, by the least digest in it."""
    joined = components(len(rows), np.concatenate([_chain(twins.tolist(), kept), _groups(marks)]))
    names: dict[int, str] = {}
    for position, cluster in enumerate(joined.tolist()):
        names[cluster] = min(names.get(cluster, "~"), rows[position].digest)
    return [
        replace(row, cluster=names[cluster])
        for row, cluster in zip(rows, joined.tolist(), strict=True)
    ]


def _groups(marks: Sequence[Mark]) -> Numbers:
    return _chain([mark.group for mark in marks], range(len(marks)))


def _chain(values: Sequence[object], positions: Iterable[int]) -> Numbers:
    """Pair each position with the one before it of equal value; None equals nothing."""
    last: dict[object, int] = {}
    pairs = []
    for position in positions:
        if (value := values[position]) is not None:
            pairs.append((last.get(value, position), position))
            last[value] = position
    return np.array(pairs, np.int64).reshape(-1, 2)


def _ordered(
    rows: Sequence[Row], sides: Sequence[str], kept: Iterable[int], split: str, seed: int
) -> tuple[int, ...]:
    """Order a split by a seeded hash of content: rows that are added shuffle no others."""
    ours = [position for position in kept if sides[position] == split]
    return tuple(sorted(ours, key=lambda each: _place(rows[each], seed)))


def _place(row: Row, seed: int) -> tuple[bytes, str]:
    return sha256(f"{seed}/{row.digest}".encode()).digest(), row.path


def _shares(splits: Mapping[SplitName, Sequence[int]], split: Split) -> Shares:
    total = max(1, sum(map(len, splits.values())))
    by_hash = not (split.dates or split.given)
    fractions = {name: getattr(split.fractions, name) for name in SPLITS}
    return Shares(
        asked=fractions if by_hash else {}, got={name: len(splits[name]) / total for name in SPLITS}
    )


def _duplicates(rows: Sequence[Row], twins: Numbers) -> Duplicates:
    members: defaultdict[int, list[Row]] = defaultdict(list)
    for row, cluster in zip(rows, twins.tolist(), strict=True):
        members[cluster].append(row)
    several = sorted((each for each in members.values() if len(each) > 1), key=_by_size)
    differing = [each for each in several if len({row.digest for row in each}) > 1]
    return Duplicates(
        exact=len(rows) - len({row.digest for row in rows}),
        near=sum(map(len, differing)),
        clusters=_listed(several),
        disagreeing=_listed(each for each in several if len({row.label for row in each}) > 1),
    )


def _by_size(members: Sequence[Row]) -> tuple[int, str]:
    return -len(members), members[0].path


def _listed(clusters: Iterable[Sequence[Row]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(row.path for row in each[:LISTED]) for each in list(clusters)[:LISTED])
