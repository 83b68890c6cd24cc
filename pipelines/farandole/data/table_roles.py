"""Which column of a table is what: target, weight, key of the split, or a feature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from farandole.api.data import Data
from farandole.api.errors import DataError
from farandole.data.columns import ColumnReport
from farandole.data.encoder import date_form, texts
from farandole.data.itemised import itemised
from farandole.data.raw_table import RawTable

SHOWN = 20


@dataclass(frozen=True)
class Roles:
    """The columns that the document gives a meaning; all others are features."""

    target: str
    weight: str | None
    group: str | None
    date: str | None
    given: str | None

    @property
    def split(self) -> tuple[str, ...]:
        """The columns that the split goes by."""
        return tuple(name for name in (self.group, self.date, self.given) if name is not None)

    def of(self, name: str, report: ColumnReport) -> dict[str, Any]:
        """Return what of a column's report changes by its role."""
        if name == self.target:
            return {"role": "target", "notice": ""}
        if name == self.weight:
            return {"role": "weight", "notice": ""}
        if name in self.split:
            return {"role": "split", "notice": "decides the split, so it is no feature"}
        return {"role": "feature", "notice": report.notice}


def read_roles(raw: RawTable, data: Data) -> Roles:
    """Find the columns that the document names; raises DataError with all that are wrong."""
    split = data.split
    roles = Roles(
        target=data.target.column if data.target else "",
        weight=data.weight,
        group=split.group,
        date=split.dates.column if split.dates else None,
        given=split.given.column if split.given else None,
    )
    problems = [*_missing(raw, data, roles), *_doubled(roles), *_undated(raw, roles)]
    if problems:
        have = [str(name) for name in raw.frame.columns]
        rest = f" and {len(have) - SHOWN} more" if len(have) > SHOWN else ""
        raise DataError(
            f"{raw.name}: the document and the columns do not agree:\n{itemised(problems)}\n"
            f"The columns are {', '.join(map(repr, have[:SHOWN]))}{rest}."
        )
    return roles


def _missing(raw: RawTable, data: Data, roles: Roles) -> Iterator[str]:
    have = [str(name) for name in raw.frame.columns]
    named = {
        "data.target.column": roles.target,
        "data.weight": roles.weight,
        "data.split.group": roles.group,
        "data.split.dates.column": roles.date,
        "data.split.given.column": roles.given,
        **{f"data.columns.{name}": name for name in data.columns},
    }
    for path, name in named.items():
        if name is not None and name not in have:
            near = get_close_matches(name, have, n=1)
            advice = f"; did you mean {near[0]!r}?" if near else ""
            received = f"received {name!r}" if name else "received nothing"
            yield f"{path}: expected a column of the table, {received}{advice}"


def _doubled(roles: Roles) -> Iterator[str]:
    others = {"data.weight": roles.weight, "data.split": roles.group or roles.date or roles.given}
    for path, name in others.items():
        if name is not None and name == roles.target:
            yield f"{path}: expected another column than the target's, received {name!r}"


def _undated(raw: RawTable, roles: Roles) -> Iterator[str]:
    if roles.date is None or roles.date not in raw.frame.columns:
        return
    values = raw.frame[roles.date]
    missing = np.flatnonzero([text is None for text in texts(values)])
    if len(missing):
        places = ", ".join(raw.places[row] for row in missing[:5])
        yield f"data.split.dates: expected a date in every row, found none in {places}"
    elif len(values) and date_form(values) is None:
        example = texts(values)[0]
        yield (
            f"data.split.dates: expected dates of one form such as 2024-01-31 in {roles.date!r},"
            f" received values such as {example!r}"
        )
