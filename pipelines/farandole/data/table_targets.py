"""What a table's model predicts, and how much each row counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from farandole.api.data import Data, Target
from farandole.api.errors import DataError
from farandole.data.encoder import numbers, texts
from farandole.data.inference import listed
from farandole.data.itemised import itemised
from farandole.data.raw_table import RawTable
from farandole.data.skipped import Skipped


def read_target(
    raw: RawTable, data: Data, task_kind: str
) -> tuple[NDArray[Any], tuple[Skipped, ...]]:
    """Read the target of every row: texts for classes, numbers for values.

    Rows without one are returned as skipped. Raises DataError for a target with one value, for a
    class in nearly every row, and for values that have no logarithm where one is asked for.
    """
    if data.target is None:
        raise DataError("data.target.column: expected the column to predict, received nothing")
    read = _classes if task_kind == "TabularClassification" else _numbers
    return read(raw, data.target)


def read_weight(raw: RawTable, rows: Sequence[int], column: str) -> NDArray[np.float64]:
    """Read the weights; raises DataError listing `rows` whose weight is no number >= 0."""
    read = numbers(raw.frame[column])
    wrong = [row for row in rows if not read[row] >= 0]
    if wrong:
        values = raw.frame[column]
        lines = (f"{raw.places[row]}: {values.iloc[row]!r}" for row in wrong)
        raise DataError(
            f"data.weight: expected a number >= 0 in every row of {column!r}, found {len(wrong)}"
            f" others:\n{itemised(lines)}"
        )
    if not read[list(rows)].any():
        raise DataError(f"data.weight: expected a row that counts, {column!r} is 0 in all of them")
    return read


def _classes(raw: RawTable, target: Target) -> tuple[NDArray[Any], tuple[Skipped, ...]]:
    read = texts(raw.frame[target.column])
    present = [text for text in read if text is not None]
    distinct = list(dict.fromkeys(present))
    _refuse_one_value(raw, target, len(distinct), listed(distinct))
    if len(distinct) > max(2, len(present) / 2):
        raise DataError(
            f"data.target: expected classes in {target.column!r}, received {len(distinct)}"
            f" different values in {len(present)} rows ({listed(distinct)});"
            " for numbers use task: {kind: TabularRegression}"
        )
    return read, _without(raw, read, lambda value: value is None, target)


def _numbers(raw: RawTable, target: Target) -> tuple[NDArray[Any], tuple[Skipped, ...]]:
    read = numbers(raw.frame[target.column])
    present = read[~np.isnan(read)]
    if not len(present):
        raise DataError(
            f"data.target: expected numbers in {target.column!r}, received"
            f" {listed(list(dict.fromkeys(map(str, texts(raw.frame[target.column])))))};"
            " for classes use task: {kind: TabularClassification}"
        )
    _refuse_one_value(raw, target, len(np.unique(present)), repr(present[0]))
    if target.transform.log is not None:
        _refuse_no_logarithm(raw, read, target)
    return read, _without(raw, read, np.isnan, target)


def _without(
    raw: RawTable, read: NDArray[Any], is_missing: Callable[[Any], Any], target: Target
) -> tuple[Skipped, ...]:
    """List the rows whose target is missing or unreadable."""
    return tuple(
        Skipped(path=place, reason=f"the target {target.column!r} is {_shown(given)}")
        for place, value, given in zip(raw.places, read, raw.frame[target.column], strict=True)
        if is_missing(value)
    )


def _shown(given: object) -> str:
    text = texts(pd.Series([given], dtype=object))[0]
    return "missing" if text is None else f"{text[:40]!r}, which is no number"


def _refuse_one_value(raw: RawTable, target: Target, distinct: int, shown: str) -> None:
    if distinct == 0:
        raise DataError(f"data.target: expected values in {target.column!r}, all are missing")
    if distinct == 1:
        raise DataError(
            f"data.target: expected at least two different values in {target.column!r} of"
            f" {raw.name}, received {shown} in every row; there is nothing to learn"
        )


def _refuse_no_logarithm(raw: RawTable, read: NDArray[np.float64], target: Target) -> None:
    wrong = np.flatnonzero(read <= 0)
    if len(wrong):
        lines = (f"{raw.places[row]}: {read[row]:g}" for row in wrong)
        raise DataError(
            f"data.target.transform: the logarithm needs {target.column!r} above 0, in"
            f" {len(wrong)} rows it is not:\n{itemised(lines)}"
        )
