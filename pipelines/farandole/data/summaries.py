"""What train rows looked like, small enough to travel inside the registered model.

Numbers keep their distribution as at most 129 support points with the share of rows at or below
each: from it the share between any two values can be told again, which a mean cannot do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from farandole.data.encoder import date_form, days, numbers, texts

FORM = 1  # of the JSON
POINTS = 128
CATEGORIES = 100  # a column's most frequent categories; the rest are one share

Summary = dict[str, Any]


def statistics(
    *,
    frame: pd.DataFrame | None = None,
    kinds: Mapping[str, str] | None = None,
    labels: Sequence[str] | None = None,
    values: Sequence[float] | None = None,
    features: NDArray[Any] | None = None,
) -> Summary:
    """Summarise train rows as plain JSON values: what is given of columns, labels and features.

    `frame` has the columns that `kinds` calls numeric, categorical or datetime; `labels` are class
    names, `values` a regression's targets, `features` is [rows, width].
    """
    summary: Summary = {"form": FORM}
    if frame is not None:
        summary["columns"] = {
            name: _column(frame[name], kind) for name, kind in sorted((kinds or {}).items())
        }
    if labels is not None:
        summary["classes"] = summarise_categories(labels)
    if values is not None:
        summary["target"] = summarise_numbers(np.asarray(values, np.float64))
    if features is not None:
        summary["features"] = _features(np.asarray(features))
    return summary


def summarise_numbers(read: NDArray[np.float64]) -> Summary:
    """Summarise numbers [rows], NaN where missing, by support points and cumulative shares."""
    present = np.sort(read[~np.isnan(read)])
    points = np.unique(present)
    exact = len(points) <= POINTS
    if not exact:
        places = np.linspace(0, len(present) - 1, POINTS + 1).astype(int)
        points = np.unique(present[places])
    below = np.searchsorted(present, points, "right") / max(1, len(present))
    return {
        "kind": "numeric",
        "rows": len(read),
        "missing": _share(len(read) - len(present), len(read)),
        "exact": exact,
        "points": points.tolist(),
        "below": below.tolist(),
    }


def summarise_categories(given: Iterable[str | None]) -> Summary:
    """Summarise categories, None where missing, by the shares of the most frequent."""
    every = list(given)
    counts = Counter(text for text in every if text is not None)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {
        "kind": "categorical",
        "rows": len(every),
        "missing": _share(len(every) - counts.total(), len(every)),
        "shares": {text: _share(count, len(every)) for text, count in ranked[:CATEGORIES]},
        "other": _share(sum(count for _, count in ranked[CATEGORIES:]), len(every)),
    }


def _column(values: pd.Series[Any], kind: str) -> Summary:
    if kind == "categorical":
        return summarise_categories(texts(values))
    if kind == "datetime":
        return summarise_numbers(days(values, date_form(values) or "ISO8601"))
    return summarise_numbers(numbers(values))


def _features(features: NDArray[Any]) -> Summary:
    flat = features.reshape(len(features), -1).astype(np.float64)
    return {
        "rows": len(flat),
        "mean": flat.mean(axis=0).tolist(),
        "deviation": flat.std(axis=0).tolist(),
    }


def _share(count: int, rows: int) -> float:
    return count / max(1, rows)
