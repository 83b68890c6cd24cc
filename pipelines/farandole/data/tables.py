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
from farandole.data.encoder import days
from farandole.data.inference import Values, declared, inferred
from farandole.data.itemised import itemised
from farandole.data.raw_table import RawTable, read_raw
from farandole.data.row_digests import row_digests
from farandole.data.skipped import Skipped
from farandole.data.table_roles import Roles, read_roles
from farandole.data.table_targets import read_target, read_weight, without_target


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
    usable = raw.without(without_target(raw, recipe_data, task_kind))
    _refuse_too_many(usable, recipe_data.limits.undecodable)
    values = {str(name): Values(usable.frame[name]) for name in usable.frame.columns}
    reports = _reports(values, roles, recipe_data)
    frame = _frame(values, reports, roles)
    frame[roles.target] = read_target(usable, recipe_data, task_kind)
    if roles.weight is not None:
        frame[roles.weight] = read_weight(usable, roles.weight)
    return _table(usable, frame, reports)


def _table(raw: RawTable, frame: pd.DataFrame, reports: dict[str, ColumnReport]) -> TableRead:
    features = list(feature_kinds(reports))
    if not features:
        lines = (f"{name}: {report.kind}, {report.notice}" for name, report in reports.items())
        raise DataError(
            f"{raw.name}: expected a column to learn from, found none:\n{itemised(lines)}"
        )
    digests, clusters = row_digests(frame, list(map(str, frame.columns)), features)
    said = (f"column {name!r} {report.notice}" for name, report in reports.items() if report.notice)
    return TableRead(
        frame=frame,
        places=raw.places,
        digests=digests,
        clusters=clusters,
        columns=reports,
        skipped=raw.skipped,
        notices=(*raw.notices, *said),
    )


def _refuse_too_many(raw: RawTable, limit: float) -> None:
    """Refuse a table of which too many rows, or all, cannot be used."""
    skipped, total = len(raw.skipped), len(raw.places) + len(raw.skipped)
    if skipped > limit * total or skipped == total:
        lines = (f"{each.path}: {each.reason}" for each in raw.skipped)
        raise DataError(
            f"{raw.name}: {skipped} of {total} rows cannot be used, which is {skipped / total:.2%};"
            f" data.limits.undecodable accepts {limit:.2%}; correct these rows or raise it:\n"
            f"{itemised(lines)}"
        )


def _reports(values: Mapping[str, Values], roles: Roles, data: Data) -> dict[str, ColumnReport]:
    """Report every column; the target's, the weight's and the split's are no features."""
    reports = {}
    for name, column in values.items():
        given = data.columns.get(name)
        report = declared(column, given.kind) if given else inferred(column)
        reports[name] = report.model_copy(update=roles.of(name, report))
    return reports


def _frame(
    values: Mapping[str, Values], reports: Mapping[str, ColumnReport], roles: Roles
) -> pd.DataFrame:
    columns = {name: _feature(values[name], kind) for name, kind in feature_kinds(reports).items()}
    keys = {name: _key(values[name], by_date=name == roles.date) for name in roles.split}
    return pd.DataFrame({**columns, **keys})


def _feature(values: Values, kind: str) -> Any:
    if kind == "numeric":
        return values.numbers
    return values.raw if kind == "datetime" and values.is_typed_date else values.texts


def _key(values: Values, by_date: bool) -> Any:
    """Give what the split goes by as text: groups as they are, dates so that they sort."""
    if not by_date:
        return values.texts
    seconds = np.round(days(values.raw, values.form or "ISO8601") * 86400)
    return np.datetime_as_string(seconds.astype("datetime64[s]")).astype(object)
