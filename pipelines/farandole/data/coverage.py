"""Whether every split has what is needed of every class: refused before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from farandole.api.data import Split
from farandole.api.errors import DataError
from farandole.data.itemised import itemised
from farandole.data.row import Row
from farandole.data.split import SplitName

FEWEST = 3  # rows of a class: one a split


def classes_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the class names, sorted; raises DataError for one class, or a class of few rows."""
    counts = Counter(str(row.label) for row in rows)
    if len(counts) < 2:
        raise DataError(
            f"expected at least two classes, found {', '.join(map(repr, counts)) or 'none'};"
            " a classifier has nothing to tell apart"
        )
    few = [f"{name!r}: {count}" for name, count in sorted(counts.items()) if count < FEWEST]
    if few:
        raise DataError(
            f"expected at least {FEWEST} rows of every class, one for each split, found fewer of:\n"
            f"{itemised(few)}\nAdd rows, merge the class into another, or remove it."
        )
    return tuple(sorted(counts))


def refuse_uncovered(
    counts: Mapping[SplitName, Mapping[str, int]],
    rows: Mapping[SplitName, Sequence[int]],
    split: Split,
) -> None:
    """Raise DataError when a split has no row, or none of a class; `counts` by split and class."""
    totals = sum((Counter(each) for each in counts.values()), Counter[str]())
    empty = [f"{name} has no row at all" for name in rows if not rows[name]]
    empty += [
        f"{name} has no row of {label!r}, of which there are {totals[label]}"
        for name, classes in counts.items()
        for label, count in classes.items()
        if rows[name] and not count
    ]
    if empty:
        raise DataError(
            f"{_field(split)}: expected rows of every class in every split:\n"
            f"{itemised(empty)}\n{_advice(split)}"
        )


def _field(split: Split) -> str:
    ways = {"given": split.given, "dates": split.dates, "group": split.group}
    return next((f"data.split.{way}" for way, value in ways.items() if value), "data.split")


def _advice(split: Split) -> str:
    if split.dates:
        return "Move the days, or remove the class."
    if split.given:
        return (
            "Give each split rows of every class, or remove the class; validation that is not given"
            " is carved from train by data.split.fractions and data.split.seed."
        )
    return (
        "Add rows of the class, raise the smallest share in data.split.fractions,"
        " or choose another data.split.seed."
    )
