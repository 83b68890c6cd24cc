"""What a column is taken for, by its values, and what a reader should know about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from farandole.data.columns import ColumnKind, ColumnReport
from farandole.data.encoder import DATE_FORMS, date_form, days, numbers, texts

NUMERIC_SHARE = 0.95  # of the values: with fewer numbers a column is read as categories
ID_SHARE = 0.95  # of the rows: with more different texts a column tells rows apart, not kinds
ID_ROWS = 20  # with fewer rows every column looks like an id
EXAMPLES, EXAMPLE_LENGTH = 5, 40
TRIED = 50  # different values that must be dates before all are read
DECIMAL_COMMA = re.compile(r"-?\d{1,3}(\.\d{3})*,\d+|-?\d+,\d+")

Verdict = tuple[ColumnKind, str]


@dataclass(frozen=True)
class Values:
    """One column as it stands in the file, and what it looks like."""

    raw: pd.Series[Any]

    @cached_property
    def texts(self) -> NDArray[np.object_]:
        """Each value as text, None where it is missing."""
        return texts(self.raw)

    @cached_property
    def present(self) -> list[str]:
        """The texts that are not missing."""
        return [text for text in self.texts if text is not None]

    @cached_property
    def distinct(self) -> list[str]:
        """The different texts, in the order they are met."""
        return list(dict.fromkeys(self.present))

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """Each value as a number, NaN where it is none."""
        return numbers(self.raw)

    @cached_property
    def strays(self) -> list[str]:
        """The different texts that are no numbers."""
        wrong = np.isnan(self.numbers)
        met = (text for text, bad in zip(self.texts, wrong, strict=True) if bad)
        return list(dict.fromkeys(text for text in met if text is not None))

    @cached_property
    def numeric_share(self) -> float:
        """The share of numbers among the values that are not missing."""
        return float(np.sum(~np.isnan(self.numbers))) / max(1, len(self.present))

    @property
    def is_typed_date(self) -> bool:
        """Whether the file itself says that these are dates."""
        return pd.api.types.is_datetime64_any_dtype(self.raw.dtype)

    @cached_property
    def form(self) -> str | None:
        """The form in which all values are dates."""
        first = pd.Series(self.distinct[:TRIED], dtype=object)
        if self.is_typed_date:
            return DATE_FORMS[0]
        return date_form(self.raw) if len(first) and date_form(first) else None


def inferred(values: Values) -> ColumnReport:
    """Report a column as the first rule that fits says."""
    kind, notice = next(verdict for rule in _RULES if (verdict := rule(values)) is not None)
    return _report(values, kind, notice, declared=False)


def declared(values: Values, kind: ColumnKind) -> ColumnReport:
    """Report a column as the document says it is, with what does not fit."""
    unfit = {"numeric": _unfit_numbers, "datetime": _unfit_dates}.get(kind)
    return _report(values, kind, unfit(values) if unfit else "", declared=True)


def listed(examples: list[str]) -> str:
    """Quote the first few examples."""
    shown = ", ".join(repr(text[:EXAMPLE_LENGTH]) for text in examples[:EXAMPLES])
    return shown + (", ..." if len(examples) > EXAMPLES else "")


def _report(values: Values, kind: ColumnKind, notice: str, declared: bool) -> ColumnReport:
    return ColumnReport(
        kind=kind,
        declared=declared,
        missing=len(values.raw) - len(values.present),
        distinct=len(values.distinct),
        examples=tuple(text[:EXAMPLE_LENGTH] for text in values.distinct[:EXAMPLES]),
        notice=notice,
    )


def _constant(values: Values) -> Verdict | None:
    if not values.present:
        return "constant", "has no values; left out"
    if len(values.distinct) == 1 and len(values.present) == len(values.raw):
        return "constant", f"is {values.distinct[0]!r} in every row; left out"
    return None


def _truth(values: Values) -> Verdict | None:
    is_truth = pd.api.types.infer_dtype(values.raw, skipna=True) == "boolean"
    return ("categorical", "") if is_truth else None


def _number(values: Values) -> Verdict | None:
    if values.numeric_share < NUMERIC_SHARE:
        return None
    if _counts_rows(values):
        return "idLike", (
            "is a whole number that grows from row to row; left out"
            " (data.columns: {kind: numeric} keeps it)"
        )
    return "numeric", _unfit_numbers(values)


def _date(values: Values) -> Verdict | None:
    if values.form is None:
        return None
    other = _other_form(values)
    notice = f"dates are read as {values.form}, though {other} fits too" if other else ""
    return "datetime", notice


def _name(values: Values) -> Verdict | None:
    if len(values.raw) < ID_ROWS or len(values.distinct) < ID_SHARE * len(values.raw):
        return None
    return "idLike", (
        f"has {len(values.distinct)} different values in {len(values.raw)} rows; left out"
        " (data.columns: {kind: categorical} keeps it)" + _decimal_commas(values)
    )


def _category(values: Values) -> Verdict:
    if values.numeric_share >= 0.5:
        return "categorical", (
            f"{values.numeric_share:.0%} of the values are numbers, the others are not"
            f" ({listed(values.strays)}); read as categories"
            " (data.columns: {kind: numeric} reads the others as missing)"
        )
    return "categorical", _decimal_commas(values).removeprefix("; ")


_RULES: tuple[Callable[[Values], Verdict | None], ...] = (
    _constant,
    _truth,
    _number,
    _date,
    _name,
    _category,
)


def _counts_rows(values: Values) -> bool:
    read = values.numbers
    return (
        len(read) >= ID_ROWS
        and not np.isnan(read).any()
        and bool((read == np.floor(read)).all() and (np.diff(read) > 0).all())
    )


def _unfit_numbers(values: Values) -> str:
    count = len(values.present) - int(np.sum(~np.isnan(values.numbers)))
    if not count:
        return ""
    return f"{count} values are no numbers ({listed(values.strays)}); read as missing"


def _unfit_dates(values: Values) -> str:
    read = days(values.raw, values.form or DATE_FORMS[0])
    count = len(values.present) - int(np.sum(~np.isnan(read)))
    return f"{count} values are no dates as 2024-01-31; read as missing" if count else ""


def _other_form(values: Values) -> str | None:
    """Name the twin of a form that takes the month for the day, where both fit."""
    form = values.form or ""
    twin = form.replace("%m/%d/", "%d/%m/")
    if twin == form:
        return None
    given = pd.Series(values.distinct, dtype=object)
    return None if np.isnan(days(given, twin)).any() else twin


def _decimal_commas(values: Values) -> str:
    if all(DECIMAL_COMMA.fullmatch(text) for text in values.distinct[:TRIED]):
        return "; its values look like numbers with a decimal comma: write them with a point"
    return ""
