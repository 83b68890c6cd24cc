"""What was found in each column of a table, as the manifest and the report show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ColumnKind = Literal["numeric", "categorical", "datetime", "ignore", "idLike", "constant"]
ColumnRole = Literal["feature", "target", "weight", "split"]
FEATURE_KINDS = ("numeric", "categorical", "datetime")


class ColumnReport(BaseModel):
    """One column: what it was taken for, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ColumnKind = Field(description="what the column was taken for")
    role: ColumnRole = Field("feature", description="what the column is used for")
    declared: bool = Field(False, description="whether data.columns says the kind")
    missing: int = Field(0, ge=0, description="rows without a value")
    distinct: int = Field(0, ge=0, description="different values")
    examples: tuple[str, ...] = Field((), description="the first few different values")
    notice: str = Field("", description="what a reader should know, empty when nothing")

    @property
    def used(self) -> bool:
        """Whether the model is fitted on this column."""
        return self.role == "feature" and self.kind in FEATURE_KINDS


def feature_kinds(columns: Mapping[str, ColumnReport]) -> dict[str, str]:
    """Map each column that the model is fitted on to its kind, as `Encoder.fit` takes it."""
    return {name: column.kind for name, column in columns.items() if column.used}
