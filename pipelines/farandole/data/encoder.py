"""Table columns to numbers, as fitted on train rows; this file is copied into registered models.

It stands alone: numpy, pandas and the standard library, nothing of Farandole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FORM = 1  # of the JSON
MISSING = frozenset({"", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL"})
DATE_FORMS = (
    "ISO8601",
    *(
        f"{day}{time}"
        for day in ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y")
        for time in ("", " %H:%M", " %H:%M:%S")
    ),
)
DAY = 86400e9  # nanoseconds

Floats = NDArray[np.float64]


def numbers(values: pd.Series[Any]) -> Floats:
    """Read values as numbers [rows]; what is missing, infinite or no number becomes NaN."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        only_text = pd.api.types.infer_dtype(values, skipna=True) == "string"
        given = values if only_text else values.map(_undated)
        values = pd.to_numeric(given.astype(object), errors="coerce")
    read: Floats = np.array(values.astype("Float64").to_numpy(np.float64, na_value=np.nan))
    read[~np.isfinite(read)] = np.nan
    return read


def texts(values: pd.Series[Any]) -> NDArray[np.object_]:
    """Read values as categories [rows]; missing ones become None, 3.0 and 3 are the text '3'."""
    known = {value: _text(value) for value in values.dropna().unique()}
    return np.array([known.get(value) for value in values.tolist()], dtype=object)


def date_form(values: pd.Series[Any]) -> str | None:
    """Find the one form of DATE_FORMS in which every value that is not missing can be read."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return DATE_FORMS[0]
    given = values.map(_stripped).dropna().drop_duplicates()
    fitting = (form for form in DATE_FORMS if not np.isnan(days(given, form)).any())
    return next(fitting, None) if len(given) else None


def days(values: pd.Series[Any], form: str) -> Floats:
    """Read values as days since 1970 in UTC [rows]; what is missing or no date becomes NaN."""
    if not pd.api.types.is_datetime64_any_dtype(values.dtype):
        values = values.map(_stripped).astype("str")
    read = pd.to_datetime(values, format=form, errors="coerce", utc=True)
    exact = read.dt.as_unit("ns").astype("int64").to_numpy(np.float64) / DAY
    return np.where(read.isna(), np.nan, exact)


@dataclass(frozen=True)
class NumericColumn:
    """A number: imputed, standardised, and marked when missing if fitting met a missing one."""

    kind: ClassVar[str] = "numeric"
    name: str
    fill: float
    mean: float
    scale: float
    marked: bool

    @classmethod
    def fit(cls, name: str, read: Floats, impute: str, standardise: bool) -> Self:
        """Fit on the numbers [rows] of one column; NaN is missing."""
        present = read[~np.isnan(read)]
        fill = _IMPUTERS[impute](present) if present.size else 0.0
        filled = np.where(np.isnan(read), fill, read)
        with np.errstate(over="ignore", invalid="ignore"):
            mean, scale = (float(filled.mean()), float(filled.std())) if filled.size else (0.0, 1.0)
        usable = standardise and np.isfinite(mean) and np.isfinite(scale)
        return cls(
            name=name,
            fill=float(fill),
            mean=mean if usable else 0.0,
            scale=scale if usable and scale > 0 else 1.0,
            marked=bool(present.size < read.size),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The value, and whether it was missing."""
        return (self.name, f"{self.name} missing")[: 1 + self.marked]

    def encode(self, values: pd.Series[Any]) -> Floats:
        """Impute and standardise [rows, 1 or 2]."""
        return self.encode_numbers(numbers(values))

    def encode_numbers(self, read: Floats) -> Floats:
        """Impute and standardise numbers that are read already."""
        missing = np.isnan(read)
        with np.errstate(over="ignore"):
            value = (np.where(missing, self.fill, read) - self.mean) / self.scale
        return np.column_stack([value, missing][: 1 + self.marked]).astype(np.float64)


@dataclass(frozen=True)
class CategoricalColumn:
    """A category: one place for each frequent one, for missing and for all others.

    The places for missing and for others are there only if fitting met such values: a place that
    was never trained would add noise. Without it such a value is all zeros.
    """

    kind: ClassVar[str] = "categorical"
    name: str
    categories: tuple[str, ...]
    missing: bool
    other: bool

    @classmethod
    def fit(cls, name: str, read: NDArray[np.object_], one_hot_up_to: int) -> Self:
        """Fit on the texts [rows] of one column; None is missing."""
        present = [text for text in read if text is not None]
        counts = pd.Series(present, dtype=object).value_counts()
        frequent = sorted(counts.index, key=lambda text: (-counts[text], text))
        return cls(
            name=name,
            categories=tuple(frequent[:one_hot_up_to]),
            missing=len(present) < len(read),
            other=len(frequent) > one_hot_up_to,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """One name a category, then missing and other."""
        slots = ["missing"] * self.missing + ["other"] * self.other
        return (
            *(f"{self.name} = {category}" for category in self.categories),
            *(f"{self.name} {slot}" for slot in slots),
        )

    def encode(self, values: pd.Series[Any]) -> Floats:
        """One-hot [rows, len(names)]."""
        slots = {category: place for place, category in enumerate(self.categories)}
        width = len(self.names)
        other = width - 1 if self.other else width
        missing = len(self.categories) if self.missing else other
        places = [missing if text is None else slots.get(text, other) for text in texts(values)]
        return np.asarray(np.eye(width + 1, width)[places])

    def unseen(self, values: pd.Series[Any]) -> int:
        """Count the values that are none of the categories."""
        return sum(text is not None and text not in self.categories for text in texts(values))


@dataclass(frozen=True)
class DatetimeColumn:
    """A date: days since 1970 as a number, and its month, weekday and hour on circles."""

    kind: ClassVar[str] = "datetime"
    name: str
    form: str
    elapsed: NumericColumn
    hours: bool

    @classmethod
    def fit(cls, name: str, values: pd.Series[Any], impute: str, standardise: bool) -> Self:
        """Fit on one column; the hour is left out when every date is at midnight."""
        form = date_form(values) or DATE_FORMS[0]
        read = days(values, form)
        elapsed = NumericColumn.fit(f"{name} days", read, impute, standardise)
        return cls(name, form, elapsed, hours=bool((read[~np.isnan(read)] % 1 > 0).any()))

    @property
    def names(self) -> tuple[str, ...]:
        """The days, then each circle as sine and cosine."""
        circles = ("month", "weekday", "hour")[: 2 + self.hours]
        return (
            *self.elapsed.names,
            *(f"{self.name} {circle} {wave}" for circle in circles for wave in ("sin", "cos")),
        )

    def encode(self, values: pd.Series[Any]) -> Floats:
        """Encode [rows, len(names)]; a missing date is at the centre of every circle."""
        read = days(values, self.form)
        whole = np.floor(np.nan_to_num(read))
        month = whole.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 / 12
        turns = [month, whole % 7 / 7, np.nan_to_num(read) % 1][: 2 + self.hours]
        waves = [wave(2 * np.pi * turn) for turn in turns for wave in (np.sin, np.cos)]
        circles = np.where(np.isnan(read)[:, None], 0.0, np.column_stack(waves))
        return np.hstack([self.elapsed.encode_numbers(read), circles])


@dataclass(frozen=True)
class Encoder:
    """Turns raw table columns into numbers by what was fitted on train rows alone."""

    columns: tuple[NumericColumn | CategoricalColumn | DatetimeColumn, ...]

    @classmethod
    def fit(
        cls,
        frame: pd.DataFrame,
        columns: Mapping[str, str],
        impute: str = "median",
        standardise: bool = True,
        one_hot_up_to: int = 32,
    ) -> Self:
        """Fit on train rows; `columns` says numeric, categorical or datetime of each, else ignored.

        `impute` is median, mean or mostFrequent. Raises ValueError for a column that is not there.
        """
        _require(frame, (name for name, kind in columns.items() if kind in _DECODERS))
        fitters: dict[str, Callable[[str], Any]] = {
            "numeric": lambda name: NumericColumn.fit(
                name, numbers(frame[name]), impute, standardise
            ),
            "categorical": lambda name: CategoricalColumn.fit(
                name, texts(frame[name]), one_hot_up_to
            ),
            "datetime": lambda name: DatetimeColumn.fit(name, frame[name], impute, standardise),
        }
        return cls(tuple(fitters[k](name) for name, k in columns.items() if k in fitters))

    @property
    def names(self) -> tuple[str, ...]:
        """One name for each number of a row."""
        return tuple(name for column in self.columns for name in column.names)

    @property
    def width(self) -> int:
        """How many numbers a row becomes."""
        return len(self.names)

    def transform(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """Encode raw columns as [rows, width]; others are ignored, ValueError if one lacks."""
        _require(frame, (column.name for column in self.columns))
        encoded = np.zeros((len(frame), self.width), np.float32)
        start = 0
        limit = np.finfo(np.float32).max
        for column in self.columns:
            end = start + len(column.names)
            encoded[:, start:end] = np.clip(column.encode(frame[column.name]), -limit, limit)
            start = end
        return encoded

    def unseen(self, frame: pd.DataFrame) -> dict[str, int]:
        """Count, by column, the values of categories that fitting gave no place of their own."""
        categorical = (column for column in self.columns if isinstance(column, CategoricalColumn))
        counts = {column.name: column.unseen(frame[column.name]) for column in categorical}
        return {name: count for name, count in counts.items() if count}

    def to_json(self) -> dict[str, Any]:
        """Give all that was fitted as plain JSON values; floats come back to the bit."""
        return {"form": FORM, "columns": [{"kind": c.kind, **asdict(c)} for c in self.columns]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Rebuild what `to_json` gave; raises ValueError for another form."""
        if value.get("form") != FORM:
            raise ValueError(f"expected an encoder of form {FORM}, received {value.get('form')!r}")
        return cls(tuple(_DECODERS[column["kind"]](column) for column in value["columns"]))


@dataclass(frozen=True)
class TargetTransform:
    """What is done to a target before it is learnt, and undone in every prediction."""

    kind: str = "none"

    def __post_init__(self) -> None:
        if self.kind not in ("none", "log"):
            raise ValueError(f"expected the transform none or log, received {self.kind!r}")

    def forward(self, values: Floats) -> Floats:
        """Transform targets [rows]; raises ValueError where the logarithm has no value."""
        if self.kind == "none":
            return values
        wrong = int(np.sum(~(values > 0)))
        if wrong:
            raise ValueError(f"a logarithm needs targets above 0, {wrong} of {len(values)} are not")
        return np.log(values)

    def inverse(self, values: Floats) -> Floats:
        """Bring predictions [rows] back to the target's own unit."""
        return np.exp(values) if self.kind == "log" else values

    def to_json(self) -> dict[str, Any]:
        """Give the transform as plain JSON values."""
        return {"form": FORM, "kind": self.kind}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Rebuild what `to_json` gave."""
        return cls(value["kind"])


def _stripped(value: object) -> object:
    """Give a value for reading as number or date: text without its blanks, None when missing."""
    text = value.strip() if isinstance(value, str) else value
    return None if isinstance(text, str) and text in MISSING else text


def _undated(value: object) -> object:
    """Give a value for reading as a number, which pandas would take a date for."""
    return None if isinstance(value, date) else _stripped(value)


def _text(value: object) -> str | None:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    text = str(value).strip()
    return None if text in MISSING else text


def _most_frequent(present: Floats) -> float:
    values, counts = np.unique(present, return_counts=True)
    return float(values[np.argmax(counts)])


def _require(frame: pd.DataFrame, names: Iterable[str]) -> None:
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ValueError(
            f"the table lacks the columns {missing}; it has {[str(c) for c in frame.columns]}"
        )


def _datetime(value: Mapping[str, Any]) -> DatetimeColumn:
    elapsed = NumericColumn(**value["elapsed"])
    return DatetimeColumn(value["name"], value["form"], elapsed, value["hours"])


def _categorical(value: Mapping[str, Any]) -> CategoricalColumn:
    categories = tuple(value["categories"])
    return CategoricalColumn(value["name"], categories, value["missing"], value["other"])


def _numeric(value: Mapping[str, Any]) -> NumericColumn:
    return NumericColumn(**{name: given for name, given in value.items() if name != "kind"})


_IMPUTERS: Mapping[str, Callable[[Floats], Any]] = {
    "median": np.median,
    "mean": np.mean,
    "mostFrequent": _most_frequent,
}
_DECODERS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "numeric": _numeric,
    "categorical": _categorical,
    "datetime": _datetime,
}
