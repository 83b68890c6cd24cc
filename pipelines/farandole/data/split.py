"""The three-way split: which split a row belongs to, decided row by row.

By hash, a row's split is a pure function of (seed, key): a threshold, not a rank, so rows that are
added or removed move no other. Within a class the keys are as good as random, so each class comes
in about the asked shares. The key is the group where there is one, else the digest of the content,
so equal content can never lie on two sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal, TypeAlias

from farandole.api.data import Dates, Fractions, Split
from farandole.api.errors import DataError
from farandole.data.itemised import itemised

SplitName: TypeAlias = Literal["train", "validation", "test"]

SPLITS: tuple[SplitName, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Mark:
    """What the split of one row may go by.

    `path` is what messages call the row; `content` is a digest that equal rows share.
    """

    path: str
    content: str
    given: str | None = None
    group: str | None = None
    date: str | None = None


def assign(marks: Sequence[Mark], split: Split) -> list[str]:
    """Return the split of each row.

    Raises DataError that lists every row whose group, date or given split cannot be used.
    """
    if split.given is not None:
        return _given(marks, split)
    if split.dates is not None:
        return _dated(marks, split.dates)
    if split.group is not None:
        _refuse_ungrouped(marks, split.group)
    return [_hashed(mark, split.seed, _shares(split.fractions)) for mark in marks]


def by_hash(seed: int, key: str, shares: Sequence[tuple[str, float]]) -> str:
    """Return the split whose share of [0, 1) holds the hash of `seed` and `key`."""
    place = int.from_bytes(sha256(f"{seed}/{key}".encode()).digest()[:6], "big") / 2**48
    below = 0.0
    for name, share in shares:
        below += share
        if place < below:
            return name
    return shares[-1][0]  # the shares sum to a rounding error less than 1


def _hashed(mark: Mark, seed: int, shares: Sequence[tuple[str, float]]) -> str:
    return by_hash(seed, mark.content if mark.group is None else mark.group, shares)


def _shares(fractions: Fractions) -> list[tuple[str, float]]:
    # Test first: its rows stay when only train and validation are weighed against each other anew.
    return [
        ("test", fractions.test),
        ("validation", fractions.validation),
        ("train", fractions.train),
    ]


def _given(marks: Sequence[Mark], split: Split) -> list[str]:
    """Take the split as given; where no row is given to validation, carve it from train."""
    _refuse_unknown(marks)
    given = [str(mark.given) for mark in marks]
    if "validation" in given:
        return given
    together = split.fractions.validation + split.fractions.train
    shares = [
        ("validation", split.fractions.validation / together),
        ("train", split.fractions.train / together),
    ]
    return [
        _hashed(mark, split.seed, shares) if name == "train" else name
        for mark, name in zip(marks, given, strict=True)
    ]


def _dated(marks: Sequence[Mark], dates: Dates) -> list[str]:
    _refuse_undated(marks, dates)
    validation_from, test_from = _moment(dates.validation_from), _moment(dates.test_from)
    moments = [_moment(str(mark.date)) for mark in marks]
    return [_side(moment, validation_from, test_from) for moment in moments]


def _side(moment: datetime, validation_from: datetime, test_from: datetime) -> str:
    if moment >= test_from:
        return "test"
    return "validation" if moment >= validation_from else "train"


def _moment(text: str) -> datetime:
    """Read a date or time; one without a zone is in UTC."""
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_moment(text: str | None) -> bool:
    try:
        _moment(text or "")
    except ValueError:
        return False
    return True


def _refuse_unknown(marks: Sequence[Mark]) -> None:
    wrong = [f"{mark.path}: {mark.given!r}" for mark in marks if mark.given not in SPLITS]
    if wrong:
        raise DataError(
            f"data.split.given: expected train, validation or test for every row, received for"
            f" {len(wrong)} rows:\n{itemised(wrong)}"
        )


def _refuse_undated(marks: Sequence[Mark], dates: Dates) -> None:
    wrong = [f"{mark.path}: {mark.date!r}" for mark in marks if not _is_moment(mark.date)]
    if wrong:
        raise DataError(
            f"data.split.dates.column {dates.column!r}: expected a date such as 2024-01-31 in every"
            f" row, received in {len(wrong)} rows:\n{itemised(wrong)}"
        )


def _refuse_ungrouped(marks: Sequence[Mark], column: str) -> None:
    without = [mark.path for mark in marks if not mark.group]
    if without:
        raise DataError(
            f"data.split.group: expected a value of {column!r} in every row, found none in"
            f" {len(without)} rows:\n{itemised(without)}"
        )
