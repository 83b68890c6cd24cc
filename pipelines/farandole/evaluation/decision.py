"""The decision: whether the model takes the alias, and what it was decided on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from farandole.evaluation.champion import ChampionComparison
from farandole.evaluation.comparison import Comparison, Scored
from farandole.evaluation.predictions import Evidence
from farandole.evaluation.wording import bracketed, figure, gained, percent

Verdict = Literal[
    "Promoted",
    "ManualPromotion",
    "BaselineWon",
    "ChampionWon",
    "NotComparable",
    "ConstantPredictor",
    "NotFinite",
]
AWAITS_A_PERSON: tuple[Verdict, ...] = ("ManualPromotion", "NotComparable")


class Decision(Evidence):
    """The verdict, its sentences, and all that it rests on."""

    promote: bool = Field(description="Whether the alias moves to this model.")
    verdict: Verdict = Field(description="What was decided.")
    headline: str = Field(description="The decision in one sentence.")
    reasons: tuple[str, ...] = Field(description="What it was decided on, a sentence each.")
    comparison: Comparison | None = Field(description="Against the baselines.")
    champion: ChampionComparison | None = Field(description="Against the champion, if any.")

    @property
    def awaits_a_person(self) -> bool:
        """Whether a person may still promote it."""
        return self.verdict in AWAITS_A_PERSON


def decide(
    comparison: Comparison,
    champion: ChampionComparison | None,
    *,
    constant: str | None = None,
    manual: bool = False,
) -> Decision:
    """Decide from what was measured.

    `champion` is None where there is none. `constant` is the sentence of
    `constant`, which refuses the model whatever its figures. `manual`: a
    person promotes. The gates, in order: not constant, the best baseline, the champion.
    """
    verdict, headline = _verdict(comparison, champion, constant, manual)
    reasons = [_upper(constant), _upper(comparison.sentence)]
    reasons += [_upper(champion.sentence)] if champion is not None else []
    return Decision(
        promote=verdict == "Promoted",
        verdict=verdict,
        headline=headline,
        reasons=tuple(reason for reason in reasons if reason),
        comparison=comparison,
        champion=champion,
    )


def refuse_not_finite(rows: int, bad: int) -> Decision:
    """Refuse a model of which `bad` of `rows` predictions are not finite numbers."""
    sentence = f"{bad:,} of {rows:,} predictions are not finite numbers."
    return Decision(
        promote=False,
        verdict="NotFinite",
        headline=f"Not promoted: {sentence}",
        reasons=(f"{sentence} Lower the learning rate, or clip the gradient (clipNorm).",),
        comparison=None,
        champion=None,
    )


def _verdict(
    comparison: Comparison,
    champion: ChampionComparison | None,
    constant: str | None,
    manual: bool,
) -> tuple[Verdict, str]:
    best = comparison.best_baseline
    gain = best.gain
    if constant is not None:
        return "ConstantPredictor", f"Not promoted: {constant}."
    if gain is None or not gain.above_zero:
        return "BaselineWon", f"Not promoted: {_baseline_held(comparison, best)}."
    if champion is not None and not champion.comparable:
        return "NotComparable", f"A person decides: {champion.sentence}."
    if champion is not None and not champion.won:
        return "ChampionWon", f"Not promoted: {_champion_held(comparison.metric, champion)}."
    if manual:
        return "ManualPromotion", f"A person promotes: {_beats(comparison, best)}."
    return "Promoted", f"Promoted: {_beats(comparison, best)}."


def _beats(comparison: Comparison, best: Scored) -> str:
    metric, gain = comparison.metric, best.gain
    assert gain is not None
    low, high = figure(metric, gain.low), figure(metric, gain.high)
    better = "above" if comparison.higher_is_better else "better than"
    return (
        f"{comparison.title} {figure(metric, comparison.candidate.value)}, "
        f"{figure(metric, gain.difference)} {better} the best baseline "
        f"({percent(gain.confidence)} interval {low} to {high})"
    )


def _baseline_held(comparison: Comparison, best: Scored) -> str:
    metric, gain = comparison.metric, best.gain
    if gain is None or gain.below_zero:
        how = "is better"
    elif gain.difference <= 0:
        how = "is as good"
    else:
        how = "was not clearly beaten"
    return (
        f"the {best.name} baseline {how} ({comparison.title} {figure(metric, best.value)} "
        f"against the model's {figure(metric, comparison.candidate.value)})"
    )


def _champion_held(metric: str, champion: ChampionComparison) -> str:
    gain = champion.gain
    assert gain is not None  # it was comparable
    assert champion.minimum_gain is not None
    return (
        f"the champion (version {champion.version}) keeps its place: {gained(metric)} "
        f"{figure(metric, gain.difference)}, {bracketed(metric, gain)} does not lie above "
        f"{figure(metric, champion.minimum_gain)}"
    )


def _upper(sentence: str | None) -> str:
    """A sentence from its start to its full stop."""
    if not sentence:
        return ""
    return f"{sentence[0].upper()}{sentence[1:]}."
