"""Reads a table: which columns a model is fitted on, which rows it can use, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from farandole.api.data import Data
from farandole.api.errors import DataError
from farandole.data.columns import ColumnReport, feature_kinds
from farandole.data.encoder import date_form, days, numbers, texts
from farandole.data.inference import declared, inferred
from farandole.data.itemised import itemised
from farandole.data.raw_table import RawTable, read_raw
from farandole.data.row_digests import row_digests
from farandole.data.skipped import Skipped
from farandole.data.table_roles import Roles, read_roles
from farandole.data.table_targets import read_target, read_weight


@dataclass(frozen=True)
class TableRead:
    """The usable rows of a table, in the order of the file.

    `frame` has the features, the target, the weight and the columns of the split: numbers as
    float64, categories as text, dates as in the file, or as ISO text where the split goes
    by them. `places` names each row as `houses.csv:17`; `digests` are of all of a row, `clusters`
    of its features alone: duplicates share a cluster even where their targets differ.
    """

    frame: pd.DataFrame
    places: tuple[str, ...]
    digests: tuple[str, ...]
    clusters: tuple[str, ...]
    columns: Mapping[str, ColumnReport]
    skipped: tuple[Skipped, ...]
    notices: tuple[str, ...]

    @property
    def kinds(self) -> dict[str, str]:
        """The features by kind, as `Encoder.fit` takes them."""
        return feature_kinds(self.columns)


def read_table(path: Path, recipe_data: Data, task_kind: str) -> TableRead:
    """Read the CSV or Parquet file at `path` as the recipe's `data` and task say.

    Rows of another length than the header and rows without a target are skipped and listed, up to
    the share `data.limits.undecodable`. Raises DataError with every problem of the columns at once,
    then of the target, the rows and the weights.
    """
    raw = read_raw(path, Path(recipe_data.table or path.name).name)
    roles = read_roles(raw, recipe_data)
    target, without = read_target(raw, recipe_data, task_kind)
    skipped = (*raw.skipped, *without)
    _refuse_too_many(raw, skipped, recipe_data.limits.undecodable)
    kept = _kept(raw, without)
    reports = _reports(raw, kept, roles, recipe_data)
    frame = _frame(raw, reports, roles)
    frame[roles.target] = target
    if roles.weight is not None:
        frame[roles.weight] = read_weight(raw, kept, roles.weight)
    return _table(raw, frame, kept, reports, skipped)


def _table(
    raw: RawTable,
    frame: pd.DataFrame,
    kept: list[int],
    reports: dict[str, ColumnReport],
    skipped: tuple[Skipped, ...],
) -> TableRead:
    usable = frame.iloc[kept].reset_index(drop=True)
    features = list(feature_kinds(reports))
    if not features:
        lines = (f"{name}: {report.kind}, {report.notice}" for name, report in reports.items())
        raise DataError(
            f"{raw.name}: expected a column to learn from, found none:\n{itemised(lines)}"
        )
    return TableRead(
        frame=usable,
        places=tuple(raw.places[row] for row in kept),
        digests=row_digests(usable),
        clusters=row_digests(usable[features]),
        columns=reports,
        skipped=skipped,
        notices=_notices(raw, reports),
    )


def _kept(raw: RawTable, without: tuple[Skipped, ...]) -> list[int]:
    gone = {skipped.path for skipped in without}
    return [row for row, place in enumerate(raw.places) if place not in gone]


def _refuse_too_many(raw: RawTable, skipped: tuple[Skipped, ...], limit: float) -> None:
    total = len(raw.places) + len(raw.skipped)
    if len(skipped) > limit * total:
        lines = (f"{each.path}: {each.reason}" for each in skipped)
        raise DataError(
            f"{raw.name}: {len(skipped)} of {total} rows cannot be used, which is"
            f" {len(skipped) / total:.2%}; data.limits.undecodable accepts {limit:.2%};"
            f" correct these rows or raise it:\n{itemised(lines)}"
        )


def _reports(raw: RawTable, kept: list[int], roles: Roles, data: Data) -> dict[str, ColumnReport]:
    """Report every column on the usable rows; the target's and the split's are no features."""
    reports = {}
    for name in raw.frame.columns:
        values = raw.frame[name].iloc[kept]
        given = data.columns.get(name)
        report = declared(values, given.kind) if given else inferred(values)
        reports[str(name)] = report.model_copy(update=roles.of(str(name), report))
    return reports


def _frame(raw: RawTable, reports: dict[str, ColumnReport], roles: Roles) -> pd.DataFrame:
    columns = {
        name: _values(raw.frame[name], kind) for name, kind in feature_kinds(reports).items()
    }
    for name in roles.split:
        columns[name] = _key(raw.frame[name], by_date=name == roles.date)
    return pd.DataFrame(columns)


def _values(values: pd.Series[Any], kind: str) -> Any:
    if kind == "numeric":
        return numbers(values)
    if kind == "categorical":
        return texts(values)
    return values if pd.api.types.is_datetime64_any_dtype(values.dtype) else texts(values)


def _key(values: pd.Series[Any], by_date: bool) -> Any:
    """Give what the split goes by as text: groups as they are, dates so that they sort."""
    if not by_date:
        return texts(values)
    seconds = np.round(days(values, date_form(values) or "ISO8601") * 86400)
    return np.datetime_as_string(seconds.astype("datetime64[s]")).astype(object)


def _notices(raw: RawTable, reports: dict[str, ColumnReport]) -> tuple[str, ...]:
    said = [f"column {name!r} {report.notice}" for name, report in reports.items() if report.notice]
    return (*raw.notices, *said)
