"""How sure a score or a difference is: percentile intervals of the clustered bootstrap."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from farandole.api.errors import DataError
from farandole.evaluation.metric import metric_named, score
from farandole.evaluation.predictions import Evidence, HeldOut, Numbers, Predictions
from farandole.evaluation.resampling import RESAMPLES, resampled_scores


class Interval(Evidence):
    """The gain of one model over another on the same rows; above zero is better."""

    difference: float = Field(description="Model minus rival, turned so that more is better.")
    low: float = Field(description="Lower bound.")
    high: float = Field(description="Upper bound.")
    confidence: float = Field(description="Share of resamples between the bounds.")

    @property
    def above_zero(self) -> bool:
        """Whether the model is better beyond doubt, at this confidence."""
        return self.low > 0

    @property
    def below_zero(self) -> bool:
        """Whether the model is worse beyond doubt, at this confidence."""
        return self.high < 0


def interval(
    metric: str,
    held: HeldOut,
    candidate: Predictions,
    rival: Predictions,
    confidence: float = 0.95,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:
    """The paired-bootstrap interval of candidate minus rival, rows clustered by duplicates."""
    scores = resampled_scores(metric, held, [candidate, rival], seed, resamples)
    values = [score(metric, held, each) for each in (candidate, rival)]
    return interval_of(metric, np.array(values), scores, confidence)


def interval_of(metric: str, values: Numbers, scores: Numbers, confidence: float) -> Interval:
    """The interval from both values [2] and their resampled scores [2, resamples]."""
    orientation = metric_named(metric).orientation
    low, high = bounds(metric, orientation * (scores[0] - scores[1]), confidence)
    difference = orientation * float(values[0] - values[1])
    return Interval(difference=difference, low=low, high=high, confidence=confidence)


def bounds(metric: str, resampled: Numbers, confidence: float) -> tuple[float, float]:
    """The percentile bounds of resampled figures; resamples that leave them undefined are left out.

    Raises DataError when more than half do: the rows cannot carry the metric.
    """
    defined = resampled[np.isfinite(resampled)]
    if len(defined) * 2 < len(resampled):
        raise DataError(
            f"{metric}: expected held-out rows that define it, received rows of which most "
            "resamples hold one class or one value; give more rows, or choose another metric"
        )
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
