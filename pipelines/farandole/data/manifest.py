"""What was prepared: written last, so that data with a manifest is whole."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from farandole.data.columns import ColumnReport
from farandole.data.skipped import Skipped
from farandole.data.split import SplitName


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ShardManifest(_Part):
    """One shard, and the offset index beside it."""

    key: str = Field(description="key of the TFRecord file in the store")
    index_key: str = Field(description="key of its index: int64 pairs of offset and length")
    rows: int = Field(ge=0, description="records in the shard")
    sha256: str = Field(description="digest of the TFRecord file")


class SplitManifest(_Part):
    """One split."""

    rows: int = Field(ge=0, description="rows in the split")
    counts: dict[str, int] = Field(description="rows of each class; empty for regression")
    shards: tuple[ShardManifest, ...] = Field((), description="shards, for images")
    table_key: str | None = Field(None, description="key of the Parquet file, for tables")
    rows_key: str = Field(description="key of rows.jsonl, one line a row, in order")


class Shares(_Part):
    """Shares of the rows by split: thresholds on a hash are met approximately."""

    asked: dict[SplitName, float] = Field(description="what the document asks; empty where given")
    got: dict[SplitName, float] = Field(description="what came of it")


class Duplicates(_Part):
    """Rows that are one and the same, exactly or to the eye."""

    exact: int = Field(0, ge=0, description="rows that repeat the content of another")
    near: int = Field(0, ge=0, description="rows that look the same as another but differ")
    clusters: tuple[tuple[str, ...], ...] = Field((), description="paths of the largest clusters")
    disagreeing: tuple[tuple[str, ...], ...] = Field(
        (), description="clusters whose rows have different labels: look for wrong ones here"
    )
    excluded: tuple[Skipped, ...] = Field((), description="rows left out since they span splits")


class Manifest(_Part):
    """Everything that is known of prepared data without reading it."""

    kind: Literal["images", "table"] = Field(description="what a row is")
    data_digest: str = Field(description="sha256 over sorted (path, content digest, label)")
    classes: tuple[str, ...] = Field(description="class names in label order; none: regression")
    splits: dict[SplitName, SplitManifest] = Field(description="train, validation, test")
    shares: Shares = Field(description="shares asked and got")
    skipped: tuple[Skipped, ...] = Field((), description="rows that could not be used")
    ignored: dict[str, int] = Field({}, description="files that are no data, by suffix")
    duplicates: Duplicates = Field(Duplicates(), description="rows that are one and the same")
    statistics: dict[str, Any] = Field({}, description="summaries of the train rows alone")
    columns: dict[str, ColumnReport] = Field({}, description="columns of a table")
    notices: tuple[str, ...] = Field((), description="what a reader should know")
