"""The candidate beside what it must beat, on the same held-out rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from farandole.evaluation.intervals import Interval, bounds, interval_of
from farandole.evaluation.metric import metric_named, score
from farandole.evaluation.predictions import Evidence, HeldOut, Predictions
from farandole.evaluation.resampling import RESAMPLES, resampled_scores
from farandole.evaluation.wording import bracketed, figure, gained


@dataclass(frozen=True)
class Rival:
    """Another model's predictions on the candidate's rows.

    `gates`: whether the candidate must beat it; a reference (a linear probe, the leak detector)
    is shown and never gates.
    """

    name: str
    title: str
    predictions: Predictions
    gates: bool = True


class Scored(Evidence):
    """One model's value of the metric, with its own interval."""

    name: str = Field(description="model, dummy, linear, probe, ...")
    title: str = Field(description="What the model is, in words.")
    value: float = Field(description="The metric on all held-out rows.")
    low: float = Field(description="Lower bound of the value's own bootstrap interval.")
    high: float = Field(description="Upper bound of the value's own bootstrap interval.")
    gates: bool = Field(description="Whether the candidate must beat it.")
    gain: Interval | None = Field(description="Candidate minus this one; None for the candidate.")


class Comparison(Evidence):
    """The candidate, its baselines and references, on one metric and the same resamples."""

    metric: str = Field(description="The declared metric.")
    title: str = Field(description="How the metric is spoken of.")
    higher_is_better: bool = Field(description="Whether more of the metric is better.")
    confidence: float = Field(description="Confidence of every interval here.")
    rows: int = Field(description="Held-out rows.")
    clusters: int = Field(description="Duplicate clusters among them: the unit of resampling.")
    candidate: Scored = Field(description="The model that was trained.")
    rivals: tuple[Scored, ...] = Field(description="Baselines and references.")
    sentence: str = Field(description="Candidate against best baseline, to be read aloud.")

    @property
    def best_baseline(self) -> Scored:
        """The best of the rivals that gate."""
        return _best(self.rivals, self.higher_is_better)

    def rival(self, name: str) -> Scored | None:
        """The rival of that name, if it was compared."""
        return next((each for each in self.rivals if each.name == name), None)


def compare(
    metric: str,
    held: HeldOut,
    candidate: Predictions,
    rivals: Sequence[Rival],
    confidence: float = 0.95,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Score the candidate and every rival on the same rows and the same clustered resamples."""
    if not any(rival.gates for rival in rivals):
        raise ValueError("rivals: expected at least one baseline that gates, received none")
    said = [candidate, *(rival.predictions for rival in rivals)]
    values = np.array([score(metric, held, each) for each in said])
    scores = resampled_scores(metric, held, said, seed, resamples)
    own = [bounds(metric, each, confidence) for each in scores]
    scored = tuple(
        Scored(
            name=rival.name,
            title=rival.title,
            value=values[at],
            low=own[at][0],
            high=own[at][1],
            gates=rival.gates,
            gain=interval_of(metric, values[[0, at]], scores[[0, at]], confidence),
        )
        for at, rival in enumerate(rivals, start=1)
    )
    model = Scored(
        name="model",
        title="the trained model",
        value=values[0],
        low=own[0][0],
        high=own[0][1],
        gates=False,
        gain=None,
    )
    of = metric_named(metric)
    return Comparison(
        metric=metric,
        title=of.title,
        higher_is_better=of.higher_is_better,
        confidence=confidence,
        rows=held.rows,
        clusters=held.clusters,
        candidate=model,
        rivals=scored,
        sentence=_sentence(metric, model, _best(scored, of.higher_is_better), held.clusters),
    )


def _best(rivals: Sequence[Scored], higher_is_better: bool) -> Scored:
    gating = [each for each in rivals if each.gates]
    return (max if higher_is_better else min)(gating, key=lambda each: each.value)


def _sentence(metric: str, model: Scored, best: Scored, clusters: int) -> str:
    gain = best.gain
    assert gain is not None  # every rival has one
    return (
        f"{metric_named(metric).title} {figure(metric, model.value)}; "
        f"best baseline ({best.title}) {figure(metric, best.value)}; "
        f"{gained(metric)} {figure(metric, gain.difference)}, "
        f"{bracketed(metric, gain)} over {clusters:,} clusters"
    )
