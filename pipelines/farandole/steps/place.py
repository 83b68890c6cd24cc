"""Where a step reads and writes; never part of what it computes."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from farandole.api import Model, Recipe


class Place(BaseModel):
    """The store, the tracking server and the local folders of one run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: str = Field(description="Folder or s3:// address of the store.")
    work: str = Field(description="Local folder for what need not be kept.")
    tracking: str = Field(description="MLflow tracking address.")
    folder: str = Field(description="The document's folder: relative paths start there.")
    ranks: int = Field(default=0, ge=0, description="Number of ranks; 0 takes min(2, cores).")
    progress: str | None = Field(default=None, description="File that follows the progress.")
    observe_after: float = Field(
        default=30.0, ge=0, description="Seconds of steps after which a training is observed."
    )

    def rank_count(self) -> int:
        """Return the number of ranks that training starts with."""
        return self.ranks or min(2, os.cpu_count() or 1)

    def work_folder(self, name: str) -> Path:
        """Return a local scratch folder, made when missing."""
        folder = Path(self.work) / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


class StepParameters(BaseModel):
    """What every step is given: a place and the whole document as canonical JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    place: Place
    document: str = Field(description="The Model document, as canonical JSON.")

    def model(self) -> Model:
        """Return the document."""
        return Model.model_validate_json(self.document)

    def recipe(self) -> Recipe:
        """Return the part of the document that determines the result."""
        return self.model().spec.recipe


class StepOutputs(BaseModel):
    """What a step leaves to the steps after it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
