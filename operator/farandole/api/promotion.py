"""What becomes of a trained model, and when the next is trained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from farandole.api.cron import cron_problem
from farandole.api.errors import Problem
from farandole.api.forms import Alias, RegisteredName, TimeZone
from farandole.api.part import Part, Share


class Gate(Part):
    """What a candidate must show."""

    confidence: float = Field(
        0.95, ge=0.5, lt=1, description="Confidence of the interval that must lie above the gain."
    )
    minimum_gain: float | None = Field(
        None,
        ge=-1e9,
        le=1e9,
        description="Gain over the champion. Left out: 0, or -0.01 when only the data changed.",
    )


class Promotion(Part):
    """Where a model is registered, and what it must show to be served."""

    registered_model: RegisteredName | None = Field(
        None, description="Name in the registry. Left out: the document's name."
    )
    alias: Alias = Field("champion", description="Alias that serving follows.")
    mode: Literal["Automatic", "Manual"] = Field(
        "Automatic", description="Manual: a person moves the alias."
    )
    gate: Gate = Field(Gate(), description="What a candidate must show.")

    def problems(self) -> Iterator[Problem]:
        """Refuse the aliases that MLflow keeps for itself."""
        if self.alias == "latest" or re.fullmatch(r"v\d+", self.alias, re.IGNORECASE):
            yield Problem("alias", self.alias, "a name other than latest and v1, v2, ...")


class RetrainSchedule(Part):
    """When the source of the data is looked at."""

    cron: str = Field(max_length=100, description="Minute, hour, day, month, weekday.")
    time_zone: TimeZone = Field("Etc/UTC", description="Name of the time zone, as Europe/Berlin.")

    def problems(self) -> Iterator[Problem]:
        """Refuse what is no schedule."""
        problem = cron_problem(self.cron)
        if problem:
            yield Problem("cron", f'"{self.cron}"', 'five fields such as "0 3 * * 1"', problem)


class DataChange(Part):
    """How much data must change to train again."""

    minimum_share: Share = Field(0.0, description="Share of the rows that must be new or gone.")


class Overlap(Part):
    """What becomes of a running run when a new reason comes."""

    recipe: Literal["Replace", "Queue", "Forbid"] = Field(
        "Replace", description="When the recipe changed."
    )
    data: Literal["Replace", "Queue", "Forbid"] = Field(
        "Queue", description="When the data changed."
    )


class Retrain(Part):
    """When a model is trained again."""

    triggers: tuple[Literal["Recipe", "Data"], ...] = Field(
        ("Recipe", "Data"), max_length=2, strict=False, description="Changes that train again."
    )
    schedule: RetrainSchedule | None = Field(
        None, description="When the data's source is looked at; left out: the platform's interval."
    )
    data_change: DataChange = Field(DataChange(), description="How much data must change.")
    overlap: Overlap = Field(Overlap(), description="What becomes of a running run.")

    def problems(self) -> Iterator[Problem]:
        """Refuse a trigger written twice."""
        if len(set(self.triggers)) < len(self.triggers):
            yield Problem("triggers", ", ".join(self.triggers), "every trigger once")


class Report(Part):
    """What the report of a run holds."""

    explain: bool = Field(True, description="Show what the predictions rest on.")
