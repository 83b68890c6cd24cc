"""Which rows a model learns from, and how they are split."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from math import isclose
from typing import Annotated, Literal

from pydantic import Field

from farandole.api.errors import Problem
from farandole.api.part import Name, NotYet, OneOf, Part, Seed

Location = Annotated[str, Field(min_length=1, max_length=2048)]
SplitShare = Annotated[float, Field(gt=0, lt=1)]
Day = Annotated[str, Field(max_length=35)]

_SCHEMES = ("s3", "file", "pvc")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")


class Log(Part):
    """The natural logarithm."""


class Unchanged(Part):
    """No change."""


class Transform(OneOf):
    """What is done to the target before it is learnt, and undone in every prediction."""

    log: Log | None = Field(None, description="Learn the natural logarithm; every target is > 0.")
    none: Unchanged | None = Field(None, description="Learn the target as it is.")


class Target(Part):
    """The column that a table's model predicts."""

    column: Name = Field(description="Name of the column to predict.")
    transform: Transform = Field(
        Transform(none=Unchanged()), description="Change of the target before it is learnt."
    )


class Column(Part):
    """How one column of a table is read."""

    kind: Literal["numeric", "categorical", "datetime", "ignore"] = Field(
        description="Kind of the column, instead of the kind inferred from its values."
    )


class Fractions(Part):
    """Shares of the rows; they sum to 1."""

    train: SplitShare = Field(0.7, description="Share of the rows that weights are fitted on.")
    validation: SplitShare = Field(
        0.15, description="Share that chooses: stopping, tuning, thresholds."
    )
    test: SplitShare = Field(0.15, description="Share that decides, once.")

    def problems(self) -> Iterator[Problem]:
        """Refuse shares that do not sum to 1."""
        total = self.train + self.validation + self.test
        if not isclose(total, 1.0, abs_tol=1e-9):
            received = f"{self.train:g} + {self.validation:g} + {self.test:g} = {total:g}"
            yield Problem("", received, "train + validation + test = 1")


class Dates(Part):
    """A split by time: rows before `validationFrom` train, rows from `testFrom` on test."""

    column: Name = Field(description="Name of the date column.")
    validation_from: Day = Field(description="First day of validation, as 2024-01-31.")
    test_from: Day = Field(description="First day of test, as 2024-01-31.")

    def problems(self) -> Iterator[Problem]:
        """Refuse what is no date, and a test that begins before validation."""
        days = {"validationFrom": self.validation_from, "testFrom": self.test_from}
        wrong = [name for name, day in days.items() if not _is_day(day)]
        for name in wrong:
            yield Problem(name, f'"{days[name]}"', "a day such as 2024-01-31")
        if not wrong and self.test_from <= self.validation_from:
            yield Problem("testFrom", self.test_from, f"a day after {self.validation_from}")


class Folders(Part):
    """Folders, or IDX file prefixes, that hold a split each."""

    train: Name = Field("train", description="Folder of the train rows.")
    validation: Name | None = Field(
        None,
        description="Folder of the validation rows; left out: carved from train by the fractions.",
    )
    test: Name = Field("test", description="Folder of the test rows.")

    def problems(self) -> Iterator[Problem]:
        """Refuse folders that climb out of the data, and two splits in one folder."""
        folders = {"train": self.train, "validation": self.validation, "test": self.test}
        given = {split: name for split, name in folders.items() if name is not None}
        for split, name in given.items():
            if name.startswith("/") or ".." in name.split("/"):
                yield Problem(split, f'"{name}"', "a folder inside data.images")
        if len(set(given.values())) < len(given):
            received = ", ".join(f"{split}: {name}" for split, name in given.items())
            yield Problem("", received, "another folder for every split")


class Given(Part):
    """A split that comes with the data, named by a column or by folders."""

    column: Name | None = Field(
        None, description="Column whose values are train, validation and test."
    )
    folders: Folders | None = Field(None, description="Folders that hold a split each.")

    def problems(self) -> Iterator[Problem]:
        """Refuse none or both ways."""
        if (self.column is None) == (self.folders is None):
            received = "none of them" if self.column is None else "both column and folders"
            yield Problem("", received, "exactly one of column, folders")


class Split(Part):
    """The three-way split: seeded, by content, so that growth moves no row."""

    fractions: Fractions = Field(Fractions(), description="Shares of the three splits.")
    seed: Seed = Field(42, description="Seed of the hash that deals rows to splits.")
    group: Name | None = Field(
        None, description="Column whose equal values stay together in one split."
    )
    dates: Dates | None = Field(None, description="Split by time instead of by hash.")
    given: Given | None = Field(None, description="Split that comes with the data.")

    def problems(self) -> Iterator[Problem]:
        """Refuse more than one way to split."""
        ways = [way for way in ("group", "dates", "given") if getattr(self, way) is not None]
        if len(ways) > 1:
            yield Problem("", f"both {' and '.join(ways)}", "at most one of group, dates, given")
        if self.dates is not None and self.fractions != Fractions():
            yield Problem(
                "fractions", "fractions beside dates", "nothing: the dates set the shares"
            )


class Limits(Part):
    """What is accepted in the data before the run stops."""

    undecodable: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Share of rows that may be unreadable; they are skipped and listed.",
    )
    pixels: int = Field(
        100_000_000, ge=1, le=2**31 - 1, description="Most pixels of one image; larger is skipped."
    )
    near_duplicates: int = Field(
        4,
        ge=0,
        le=16,
        description="Hamming distance of 64-bit perceptual hashes that still counts as one image; "
        "0 finds exact copies only.",
    )


class Data(Part):
    """Where the rows are, and how they are read and split."""

    images: Location | None = Field(
        None, description="Folder or s3:// prefix: one sub-folder per class, or IDX files."
    )
    labels: Location | None = Field(
        None, description="CSV of path,label beside the images, instead of a folder per class."
    )
    table: Location | None = Field(None, description="CSV or Parquet file, or s3:// object.")
    ratings: Annotated[None, NotYet("a table, with data.table")] = Field(
        None, description="Reserved for RatingPrediction."
    )
    target: Target | None = Field(None, description="What a table's model predicts.")
    weight: Name | None = Field(
        None, description="Column of row weights >= 0, in loss and metrics; left out: all 1."
    )
    columns: dict[Name, Column] = Field(
        {}, max_length=4096, description="Kinds of columns, where the inferred kind is wrong."
    )
    split: Split = Field(Split(), description="The three-way split.")
    limits: Limits = Field(Limits(), description="What is accepted before the run stops.")

    def problems(self) -> Iterator[Problem]:
        """Refuse locations of a kind that cannot be read."""
        for name in ("images", "labels", "table"):
            location = getattr(self, name)
            if location is not None:
                yield from _location_problems(name, location)


def _location_problems(name: str, location: str) -> Iterator[Problem]:
    scheme = _SCHEME.match(location)
    if scheme and scheme[1] not in _SCHEMES:
        yield Problem(name, f'"{location}"', "a folder or file, file://, or s3://bucket/prefix")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True
