"""How a model is judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from pydantic import Field

from farandole.api.errors import Problem
from farandole.api.part import Part

Metric: TypeAlias = Literal[
    "balancedAccuracy", "accuracy", "logLoss", "rocAuc", "f1Macro", "rmse", "mae", "r2"
]
Baseline: TypeAlias = Literal["dummy", "linear"]
BASELINES: tuple[Baseline, ...] = ("dummy", "linear")


class Evaluation(Part):
    """How a model is judged on its test rows."""

    metric: Metric | None = Field(
        None,
        description="The metric that decides. Left out: balancedAccuracy for classification, "
        "rmse for regression.",
    )
    baselines: tuple[Baseline, ...] = Field(
        BASELINES,
        max_length=8,
        strict=False,
        description="What a model must beat: always dummy and linear.",
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse a decision without its baselines."""
        if sorted(self.baselines) != sorted(BASELINES):
            received = ", ".join(self.baselines) or "none"
            yield Problem("baselines", received, "dummy and linear, each once")
