"""What was left out: nothing is dropped without being named, counted and bounded."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Skipped(BaseModel):
    """One row that was left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(description="the file, or the file and row as `houses.csv:17`")
    reason: str = Field(description="why, in one clause")
