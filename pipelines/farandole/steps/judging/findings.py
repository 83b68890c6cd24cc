"""What evaluate found, in full: kept in the store for register and for the report."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from farandole.data.drift import DriftReport
from farandole.evaluation.curves import Calibration, Confusion, Residuals, Roc
from farandole.evaluation.decision import Decision


class RowFinding(BaseModel):
    """One row that the model got wrong: where it is, what it is, what the model said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: str
    position: int
    digest: str
    path: str
    true: str
    predicted: str
    probability: float | None


class Check(BaseModel):
    """What the trained model says of one test row; the artifact must say the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    position: int
    values: tuple[float, ...]


class Findings(BaseModel):
    """The evidence of one evaluation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    decision: Decision
    metrics: dict[str, float]
    cross_fitted: str | None
    threshold: float | None
    held_rows: int
    confusion: Confusion | None
    roc: tuple[Roc, ...]
    calibration: Calibration | None
    residuals: Residuals | None
    worst: tuple[RowFinding, ...]
    leak: str | None
    feature_drift: DriftReport | None = None
    checks: tuple[Check, ...]
