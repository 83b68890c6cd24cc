"""Digests of table rows: what a row is, whatever file, order or column order it stands in."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pandas as pd


def row_digests(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return the sha256 of each row's column names and values; 3 and 3.0 are one number."""
    names = sorted(map(str, frame.columns))
    start = json.dumps(names)
    cells = [_cells(frame[name]) for name in names]
    rows = zip(*cells, strict=True) if cells else ([] for _ in range(len(frame)))
    return tuple(sha256("\x1e".join([start, *row]).encode()).hexdigest() for row in rows)


def _cells(values: pd.Series[Any]) -> list[str]:
    """Give each value one spelling that no other value has: numbers bare, texts quoted."""
    if pd.api.types.is_float_dtype(values.dtype):
        return [repr(value + 0.0) for value in values.tolist()]  # -0.0 is 0.0
    spelled = {value: json.dumps(str(value)) for value in values.dropna().unique()}
    return [spelled.get(value, "null") for value in values.tolist()]
