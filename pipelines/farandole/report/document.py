"""Everything that one report says, as one frozen value."""

from __future__ import annotations

from pydantic import Field

from farandole.report.evidence import Calibration, Confusion, Decision, Residuals, Roc
from farandole.report.sections import (
    Asked,
    DataSummary,
    Drift,
    Efficiency,
    Fact,
    Learning,
    Mistake,
    Registered,
    Spent,
    Tuning,
)
from farandole.report.view import View


class ReportData(View):
    """One run, from what was asked to what was decided. What is None or empty was not there."""

    name: str = Field(description="The document's metadata.name.")
    task: str = Field(description="The task's kind.")
    identity: str = Field(description="sha256 of recipe and data.")
    finished: str = Field(description="When the run ended, as a person reads it.")
    decision: Decision
    registered: Registered | None = None
    cross_fitted: str | None = Field(default=None, description="Why every row was held out once.")
    split_decisions: int = Field(
        default=1, ge=1, description="Decisions on this test split, this one included."
    )
    notices: tuple[str, ...] = Field(default=(), max_length=50, description="What to beware of.")
    asked: Asked
    data: DataSummary
    drift: Drift | None = None
    learning: Learning | None = None
    tuning: Tuning | None = None
    metrics: dict[str, float] = Field(default_factory=dict, description="On held-out rows.")
    threshold: float | None = None
    confusion: Confusion | None = None
    roc: tuple[Roc, ...] = ()
    calibration: Calibration | None = None
    residuals: Residuals | None = None
    mistakes: tuple[Mistake, ...] = Field(default=(), max_length=48)
    spent: tuple[Spent, ...] = Field(default=(), max_length=40)
    efficiency: Efficiency | None = None
    lineage: tuple[Fact, ...] = Field(default=(), max_length=60)
