"""The forest plot: every model's value with its interval, and the gain over it."""

from __future__ import annotations

from dataclasses import dataclass

from farandole.report.charts.scale import Scale, Tick, scale_of
from farandole.report.evidence import ChampionComparison, Comparison, Interval, Scored

WIDTH, HEIGHT = 200, 30


@dataclass(frozen=True)
class Whisker:
    """An interval with its middle, in pixels."""

    low: float
    at: float
    high: float


@dataclass(frozen=True)
class Row:
    """One model: what it is, its value, and what the candidate gains over it."""

    kind: str
    name: str
    title: str
    value: float
    interval: tuple[float, float] | None
    whisker: Whisker
    gain: Interval | None
    gain_whisker: Whisker | None


@dataclass(frozen=True)
class Forest:
    """The rows, the ticks of both axes, and where no gain lies."""

    rows: tuple[Row, ...]
    value_ticks: tuple[Tick, ...]
    gain_ticks: tuple[Tick, ...]
    zero: float
    best: float
    width: int = WIDTH
    height: int = HEIGHT


def forest(comparison: Comparison, champion: ChampionComparison | None) -> Forest:
    """Lay out candidate, champion (where comparable), baselines and references, best first.

    The champion was scored on other rows (those that neither has seen), so its row has a gain
    and its value has no interval.
    """
    sign = -1 if comparison.higher_is_better else 1
    rivals = sorted(comparison.rivals, key=lambda each: (not each.gates, sign * each.value))
    scored = [comparison.candidate, *rivals]
    challenged = champion if champion is not None and champion.gain is not None else None
    values = _value_scale(scored, challenged)
    gains = _gain_scale(rivals, challenged)
    rows = [_row(each, values, gains) for each in scored]
    if challenged is not None:
        rows.insert(1, _champion_row(challenged, values, gains))
    best = next((each.value for each in rivals if each.gates), comparison.candidate.value)
    return Forest(tuple(rows), values.ticks(4), gains.ticks(4), gains(0.0), values(best))


def _value_scale(scored: list[Scored], champion: ChampionComparison | None) -> Scale:
    ends = [end for each in scored for end in (each.low, each.high, each.value)]
    if champion is not None and champion.champion is not None:
        ends.append(champion.champion)
    return scale_of(ends, 8, WIDTH - 8)


def _gain_scale(rivals: list[Scored], champion: ChampionComparison | None) -> Scale:
    gains = [each.gain for each in rivals if each.gain is not None]
    gains += [champion.gain] if champion is not None and champion.gain is not None else []
    return scale_of([0.0, *(end for gain in gains for end in (gain.low, gain.high))], 8, WIDTH - 8)


def _row(scored: Scored, values: Scale, gains: Scale) -> Row:
    own = Whisker(values(scored.low), values(scored.value), values(scored.high))
    kind = "baseline" if scored.gates else "reference"
    return Row(
        kind="model" if scored.gain is None else kind,
        name=scored.name,
        title=scored.title,
        value=scored.value,
        interval=(scored.low, scored.high),
        whisker=own,
        gain=scored.gain,
        gain_whisker=_whisker(scored.gain, gains),
    )


def _champion_row(champion: ChampionComparison, values: Scale, gains: Scale) -> Row:
    at = values(champion.champion or 0.0)
    return Row(
        kind="champion",
        name="champion",
        title=f"version {champion.version}, on {champion.rows:,} rows that neither has seen",
        value=champion.champion or 0.0,
        interval=None,
        whisker=Whisker(at, at, at),
        gain=champion.gain,
        gain_whisker=_whisker(champion.gain, gains),
    )


def _whisker(gain: Interval | None, scale: Scale) -> Whisker | None:
    if gain is None:
        return None
    return Whisker(scale(gain.low), scale(gain.difference), scale(gain.high))
