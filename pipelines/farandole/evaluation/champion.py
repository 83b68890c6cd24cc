"""The candidate against the champion, on rows that neither has seen."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from farandole.api.promotion import Gate
from farandole.evaluation.intervals import Interval, interval
from farandole.evaluation.metric import metric_named, score
from farandole.evaluation.objective import Objective
from farandole.evaluation.predictions import Evidence, HeldOut, Predictions
from farandole.evaluation.resampling import RESAMPLES
from farandole.evaluation.wording import IN_UNITS, bracketed, figure, gained

LEAST_ROWS = 50  # below, the 95 % interval of a difference of accuracies is wider than 0.1
LEAST_OF_A_CLASS = 5  # below, one row moves the class's recall by more than 0.2
GAIN_OF_A_RECIPE = 0.0
GAIN_OF_DATA = -0.01  # fresher data is worth having unless it clearly costs something


class ChampionComparison(Evidence):
    """Candidate and champion on the rows that neither has seen, or why there is no comparison."""

    version: str = Field(description="The champion's registered version.")
    comparable: bool = Field(description="Whether the two could be compared.")
    rows: int = Field(description="Rows that neither has seen.")
    clusters: int = Field(description="Duplicate clusters among them.")
    candidate: float | None = Field(default=None, description="The candidate's metric there.")
    champion: float | None = Field(default=None, description="The champion's metric there.")
    gain: Interval | None = Field(default=None, description="Candidate minus champion.")
    minimum_gain: float | None = Field(default=None, description="The gain must lie above it.")
    sentence: str = Field(description="The comparison, to be read aloud.")

    @property
    def won(self) -> bool:
        """Whether the candidate may take the champion's place."""
        if self.gain is None or self.minimum_gain is None:
            return False
        return self.gain.low > self.minimum_gain


def not_comparable(candidate: Objective, champion: Objective, unseen: HeldOut | None) -> str | None:
    """Why the two models cannot be compared on these rows, None if they can.

    `unseen` are the candidate's test rows that the champion has not seen either; None if there
    are no such rows.
    """
    if candidate.task_kind != champion.task_kind:
        return f"its task is {champion.task_kind}, the candidate's {candidate.task_kind}"
    if candidate.metric != champion.metric:
        return f"its metric is {champion.metric}, the candidate's {candidate.metric}"
    if candidate.classes != champion.classes:
        return _other_classes(candidate.classes, champion.classes)
    return _too_few(candidate, unseen)


def against_champion(
    metric: str,
    version: str,
    unseen: HeldOut,
    candidate: Predictions,
    champion: Predictions,
    gate: Gate,
    recipe_changed: bool,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> ChampionComparison:
    """Compare candidate and champion on rows that neither has seen."""
    gain = interval(metric, unseen, candidate, champion, gate.confidence, seed, resamples)
    values = [score(metric, unseen, each) for each in (candidate, champion)]
    return ChampionComparison(
        version=version,
        comparable=True,
        rows=unseen.rows,
        clusters=unseen.clusters,
        candidate=values[0],
        champion=values[1],
        gain=gain,
        minimum_gain=_least_gain(metric, values[1], gate.minimum_gain, recipe_changed),
        sentence=_sentence(metric, version, values, gain, unseen),
    )


def incomparable(version: str, reason: str) -> ChampionComparison:
    """The champion that the candidate cannot be compared with, and why (`not_comparable`)."""
    return ChampionComparison(
        version=version,
        comparable=False,
        rows=0,
        clusters=0,
        sentence=f"the champion (version {version}) is not comparable: {reason}",
    )


def _sentence(
    metric: str, version: str, values: list[float], gain: Interval, unseen: HeldOut
) -> str:
    return (
        f"{metric_named(metric).title} {figure(metric, values[0])}; "
        f"champion (version {version}) {figure(metric, values[1])}; "
        f"{gained(metric)} {figure(metric, gain.difference)}, {bracketed(metric, gain)} "
        f"over {unseen.clusters:,} clusters that neither has seen"
    )


def _least_gain(
    metric: str, champion: float, declared: float | None, recipe_changed: bool
) -> float:
    """The declared least gain; by default 0 for a changed recipe, -0.01 when only the data did.

    In the target's units -0.01 would mean nothing: there it is a share of the champion's error.
    """
    if declared is not None:
        return declared
    if recipe_changed:
        return GAIN_OF_A_RECIPE
    return GAIN_OF_DATA * (champion if metric in IN_UNITS else 1.0)


def _other_classes(candidate: tuple[str, ...], champion: tuple[str, ...]) -> str:
    new = ", ".join(sorted(set(candidate) - set(champion))) or "none"
    gone = ", ".join(sorted(set(champion) - set(candidate))) or "none"
    return f"its classes differ (new: {new}; gone: {gone})"


def _too_few(candidate: Objective, unseen: HeldOut | None) -> str | None:
    rows = 0 if unseen is None else unseen.rows
    if unseen is None or rows < LEAST_ROWS:
        return f"only {rows} test rows were seen by neither, fewer than {LEAST_ROWS}"
    if not candidate.classes:
        return None
    counts = np.bincount(unseen.y.astype(np.int64), minlength=len(candidate.classes))
    least = int(np.argmin(counts))
    if counts[least] >= LEAST_OF_A_CLASS:
        return None
    return (
        f"only {counts[least]} rows of {candidate.classes[least]} were seen by neither, "
        f"fewer than {LEAST_OF_A_CLASS}"
    )
