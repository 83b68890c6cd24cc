"""What a table's model predicts, and how much each row counts."""

from __future__ import annotations

from collections.abc import Callable
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


def without_target(raw: RawTable, data: Data, task_kind: str) -> tuple[Skipped, ...]:
    """List the rows that have no target, nor a number where one is to be predicted.

    Raises DataError when that is so of every row.
    """
    column = target_of(data).column
    read = _reader(task_kind)(raw.frame[column])
    if pd.isna(read).all():
        _refuse_all(raw, column, task_kind)
    return tuple(
        Skipped(path=place, reason=f"the target {column!r} is {_shown(given)}")
        for place, missing, given in zip(raw.places, pd.isna(read), raw.frame[column], strict=True)
        if missing
    )


def read_target(raw: RawTable, data: Data, task_kind: str) -> NDArray[Any]:
    """Read the target of every row: texts for classes, numbers for values.

    Raises DataError for a target with one value, for a class in nearly every row, and for values
    that have no logarithm where one is asked for.
    """
    target = target_of(data)
    read = _reader(task_kind)(raw.frame[target.column])
    distinct = list(dict.fromkeys(map(str, read)))
    if len(distinct) == 1:
        raise DataError(
            f"data.target: expected at least two different values in {target.column!r} of"
            f" {raw.name}, received {distinct[0]!r} in every row; there is nothing to learn"
        )
    if task_kind == "TabularClassification":
        _refuse_numbers(target, len(read), distinct)
    elif target.transform.log is not None:
        _refuse_no_logarithm(raw, read, target)
    return read


def target_of(data: Data) -> Target:
    """Return the target; raises DataError when the document names none."""
    if data.target is None:
        raise DataError("data.target.column: expected the column to predict, received nothing")
    return data.target


def read_weight(raw: RawTable, column: str) -> NDArray[np.float64]:
    """Read the weights; raises DataError listing the rows whose weight is no number >= 0."""
    read = numbers(raw.frame[column])
    wrong = np.flatnonzero(~(read >= 0))
    if len(wrong):
        values = raw.frame[column]
        lines = (f"{raw.places[row]}: {values.iloc[row]!r}" for row in wrong)
        raise DataError(
            f"data.weight: expected a number >= 0 in every row of {column!r}, found {len(wrong)}"
            f" others:\n{itemised(lines)}"
        )
    if not read.any():
        raise DataError(f"data.weight: expected a row that counts, {column!r} is 0 in all of them")
    return read


def _reader(task_kind: str) -> Callable[[pd.Series[Any]], NDArray[Any]]:
    return texts if task_kind == "TabularClassification" else numbers


def _refuse_all(raw: RawTable, column: str, task_kind: str) -> None:
    given = [text for text in texts(raw.frame[column]) if text is not None]
    if not given:
        raise DataError(
            f"data.target: expected values in {column!r} of {raw.name}, all are missing"
        )
    raise DataError(
        f"data.target: expected numbers in {column!r} for a {task_kind}, received"
        f" {listed(list(dict.fromkeys(given)))};"
        " for classes use task: {kind: TabularClassification}"
    )


def _shown(given: object) -> str:
    text = texts(pd.Series([given], dtype=object))[0]
    return "missing" if text is None else f"{text[:40]!r}, which is no number"


def _refuse_numbers(target: Target, rows: int, distinct: list[str]) -> None:
    if len(distinct) > max(2, rows / 2):
        raise DataError(
            f"data.target: expected classes in {target.column!r}, received {len(distinct)}"
            f" different values in {rows} rows ({listed(distinct)});"
            " for numbers use task: {kind: TabularRegression}"
        )


def _refuse_no_logarithm(raw: RawTable, read: NDArray[np.float64], target: Target) -> None:
    wrong = np.flatnonzero(read <= 0)
    if len(wrong):
        lines = (f"{raw.places[row]}: {read[row]:g}" for row in wrong)
        raise DataError(
            f"data.target.transform: the logarithm needs {target.column!r} above 0, in"
            f" {len(wrong)} rows it is not:\n{itemised(lines)}"
        )
