"""A table that was read once: typed, digested, and ready to be planned and written."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from farandole.api.data import Data
from farandole.api.errors import DataError
from farandole.api.progress import Progress
from farandole.data.gathered import Facts, digest_over
from farandole.data.locations import local_file
from farandole.data.plan import Plan
from farandole.data.row import Row
from farandole.data.split import Mark, SplitName
from farandole.data.store import Store
from farandole.data.summaries import statistics
from farandole.data.tables import TableRead, read_table

DIGEST, CLUSTER = "__digest", "__cluster"


@dataclass(frozen=True)
class GatheredTable:
    """The usable rows of a table, and the column that is predicted."""

    facts: Facts
    table: TableRead
    target: str

    def write(
        self, store: Store, folder: str, plan: Plan, split: SplitName, progress: Progress
    ) -> dict[str, Any]:
        """Write the rows of a split as one Parquet file, with `__digest` and `__cluster`."""
        rows = plan.of(split)
        frame = self.table.frame.iloc[list(plan.splits[split])].reset_index(drop=True)
        frame[DIGEST] = [row.digest for row in rows]
        frame[CLUSTER] = [row.cluster for row in rows]
        content = io.BytesIO()
        frame.to_parquet(content, index=False)
        store.put(f"{folder}/table.parquet", content.getvalue())
        progress.update("write", len(rows), len(rows), "rows")
        return {"table_key": f"{folder}/table.parquet"}

    def statistics(self, positions: Sequence[int]) -> dict[str, Any]:
        """Summarise the features and the target."""
        frame = self.table.frame.iloc[list(positions)]
        target = frame[self.target]
        if pd.api.types.is_float_dtype(target.dtype):
            return statistics(frame=frame, kinds=self.table.kinds, values=target.tolist())
        return statistics(frame=frame, kinds=self.table.kinds, labels=target.tolist())


def gather_table(data: Data, folder: Path, task_kind: str) -> GatheredTable:
    """Read the table of `data`; raises DataError as `read_table` does."""
    if data.table is None or data.target is None:
        raise DataError("data: expected a table and the target's column, received neither")
    path = local_file(data.table, folder, "data.table")
    table = read_table(path, data, task_kind)
    rows = _rows(table, data.target.column)
    facts = Facts(
        kind="table",
        digest=digest_over([digest] for digest in table.digests),
        rows=rows,
        marks=_marks(table, data),
        twins=np.unique(table.clusters, return_inverse=True)[1].astype(np.int64),
        skipped=table.skipped,
        columns=table.columns,
        notices=table.notices,
    )
    return GatheredTable(facts, table, data.target.column)


def _rows(table: TableRead, target: str) -> list[Row]:
    labels = table.frame[target].tolist()
    return [
        Row(digest=digest, path=place, label=label, cluster=cluster)
        for digest, place, label, cluster in zip(
            table.digests, table.places, labels, table.clusters, strict=True
        )
    ]


def _marks(table: TableRead, data: Data) -> list[Mark]:
    split = data.split
    given = _texts(table, split.given.column if split.given else None)
    group = _texts(table, split.group)
    date = _texts(table, split.dates.column if split.dates else None)
    keyed = zip(table.places, table.clusters, given, group, date, strict=True)
    return [Mark(*each) for each in keyed]


def _texts(table: TableRead, column: str | None) -> list[str | None]:
    if column is None:
        return [None] * len(table.frame)
    return [None if pd.isna(value) else str(value) for value in table.frame[column].tolist()]
