"""The confusion matrix, shaded by row, and the pairs that are confused most."""

from __future__ import annotations

from dataclasses import dataclass

from farandole.report.evidence import Confusion

MOST_CLASSES = 15  # a wider matrix is not read; the pairs below it are
PAIRS = 12


@dataclass(frozen=True)
class Cell:
    """Rows of one true and one predicted class, and their share of the true class."""

    rows: int
    share: float
    right: bool


@dataclass(frozen=True)
class Pair:
    """A true class, the class it was taken for, how often, and the share of the true class."""

    true: str
    predicted: str
    rows: int
    share: float


def cells(confusion: Confusion) -> tuple[tuple[Cell, ...], ...] | None:
    """The matrix row by row, None if there are too many classes to read it."""
    if len(confusion.classes) > MOST_CLASSES:
        return None
    return tuple(
        tuple(
            Cell(count, count / max(sum(row), 1), true == predicted)
            for predicted, count in enumerate(row)
        )
        for true, row in enumerate(confusion.counts)
    )


def pairs(confusion: Confusion) -> tuple[Pair, ...]:
    """The pairs of classes that are confused most, the most frequent first."""
    names = confusion.classes
    wrong = [
        Pair(names[true], names[predicted], count, count / sum(row))
        for true, row in enumerate(confusion.counts)
        for predicted, count in enumerate(row)
        if count and true != predicted
    ]
    return tuple(sorted(wrong, key=lambda pair: (-pair.rows, pair.true, pair.predicted))[:PAIRS])
