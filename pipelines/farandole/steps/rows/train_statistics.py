"""What train rows look like: kept in the registered model, compared by the next prepare."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from farandole.data.prepare import Prepared
from farandole.data.summaries import statistics


def train_statistics(prepared: Prepared, features: NDArray[Any] | None = None) -> dict[str, Any]:
    """Summarise the train rows: columns, class shares or target, and features where given."""
    labels = [row.label for row in prepared.rows("train")]
    if prepared.manifest.classes:
        found: dict[str, Any] = {"labels": [str(label) for label in labels]}
    else:
        found = {"values": [float(label) for label in labels]}
    if prepared.manifest.kind == "table":
        columns = prepared.manifest.columns.items()
        found["frame"] = prepared.table("train")
        found["kinds"] = {name: column.kind for name, column in columns if column.used}
    return dict(statistics(**found, features=features))
