"""Predicting files with a registered model, from nothing but its artifact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from farandole.api.progress import SILENT, Progress
from farandole.registry.input_tables import tables
from farandole.registry.inputs import pictures
from farandole.registry.loading import LoadedModel, find
from farandole.registry.tracking import Tracker

if TYPE_CHECKING:
    import pandas as pd


class ClassProbability(BaseModel):
    """One class and how probable it is."""

    model_config = ConfigDict(frozen=True)

    label: str
    probability: float


class Prediction(BaseModel):
    """What the model says about one picture or one row."""

    model_config = ConfigDict(frozen=True)

    input: str = Field(description="the file, or <table>:<row> counted from 1")
    label: str | None = Field(default=None, description="the decided class; none for regression")
    probabilities: tuple[ClassProbability, ...] = Field(default=(), description="highest first")
    value: float | None = Field(default=None, description="in original units; regression only")
    identity: str = Field(description="of the model that said so")


def predict(
    reference: str,
    inputs: Sequence[Path],
    top_k: int = 5,
    tracker: Tracker | None = None,
    progress: Progress = SILENT,
) -> list[Prediction]:
    """Predict pictures (files, or folders of them) or the rows of CSV or Parquet tables.

    reference: a model folder, `name`, `name@alias` or `name/version`. `top_k` bounds the classes
    that are told. Raises DataError naming all that cannot be read; then nothing is predicted.
    """
    model = find(reference, tracker)
    if model.bundle["kind"] == "images":
        frames = pictures(inputs, progress)
    else:
        frames = tables(inputs, model.bundle["columns"], progress)
    return [prediction for frame in frames for prediction in predictions(model, frame, top_k)]


def predictions(model: LoadedModel, rows: pd.DataFrame, top_k: int) -> Iterator[Prediction]:
    """Predict raw rows; each is named by its index."""
    predicted = model.predict(rows)
    for name, row in zip(predicted.index, predicted.to_dict("records"), strict=True):
        yield Prediction(
            input=str(name),
            label=row.get("label"),
            value=row.get("value"),
            probabilities=_highest(row, model.bundle["classes"], top_k),
            identity=row["identity"],
        )


def _highest(
    row: dict[Any, Any], classes: Sequence[str], top_k: int
) -> tuple[ClassProbability, ...]:
    pairs = [ClassProbability(label=c, probability=row[f"probability_{c}"]) for c in classes]
    return tuple(sorted(pairs, key=lambda pair: -pair.probability)[:top_k])
