"""Digests of table rows: what a row is, whatever file, order or column order it stands in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import pandas as pd


def row_digests(frame: pd.DataFrame, *of: Sequence[str]) -> list[tuple[str, ...]]:
    """Return, for each list of columns, the sha256 of every row's names and values in them.

    The order of columns does not matter; 3 and 3.0 are one number.
    """
    cells = {str(name): _cells(frame[name]) for name in frame.columns}
    return [_digests(len(frame), {name: cells[name] for name in sorted(names)}) for names in of]


def _digests(rows: int, cells: Mapping[str, list[str]]) -> tuple[str, ...]:
    start = json.dumps(list(cells))
    each = zip(*cells.values(), strict=True) if cells else ([] for _ in range(rows))
    return tuple(sha256("\x1e".join([start, *row]).encode()).hexdigest() for row in each)


def _cells(values: pd.Series[Any]) -> list[str]:
    """Give each value one spelling that no other value has: numbers bare, texts quoted."""
    if pd.api.types.is_float_dtype(values.dtype):
        return [repr(value + 0.0) for value in values.tolist()]  # -0.0 is 0.0
    spelled = {value: json.dumps(str(value)) for value in values.dropna().unique()}
    return [spelled.get(value, "null") for value in values.tolist()]
