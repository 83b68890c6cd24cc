"""Rows as the registered artifact takes them: encoded pictures, or raw table columns."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from farandole.data.prepare import Prepared

OWN = "__"  # how the columns that prepare adds begin


def raw_rows(prepared: Prepared, split: str, positions: Sequence[int]) -> pd.DataFrame:
    """Return raw rows of a split, named by their content digest."""
    rows = prepared.rows(split)
    names = [rows[position].digest for position in positions]
    if prepared.manifest.kind == "images":
        content = [prepared.content(split, position) for position in positions]
        return pd.DataFrame({"image": content}, index=names)
    frame = prepared.table(split).iloc[list(positions)][columns_of(prepared)]
    raw: pd.DataFrame = frame.set_axis(names, axis=0)
    return raw


def columns_of(prepared: Prepared) -> list[str]:
    """Return the raw columns that predictions are made from, in the table's order."""
    read = [name for name, column in prepared.manifest.columns.items() if column.used]
    return [name for name in read if not name.startswith(OWN)]
