"""How new train rows differ from those the champion was trained on.

The population stability index of two distributions over the same bins is the sum of
(new - old) * ln(new / old). It is read as credit scoring reads it: below 0.1 stable, below 0.25
shifted, else far off. Between samples of n and m rows of one distribution it is about
(1/n + 1/m) times chi-square of (bins - 1) degrees, so a value within that noise is called stable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from farandole.data.summaries import Summary, statistics

__all__ = ["ColumnDrift", "DriftReport", "FeatureDrift", "compare", "statistics"]

MODERATE, LARGE = 0.1, 0.25
BINS = 10
NOISE_QUANTILE = 2.33  # standard deviations: one column in a hundred is noise beyond it
LISTED = 20

Reading = Literal["stable", "shifted", "far off"]


class ColumnDrift(BaseModel):
    """One column, the target or the classes: then against now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    psi: float = Field(ge=0, description="population stability index")
    noise: float = Field(
        ge=0, description="the index that chance alone reaches in one of a hundred"
    )
    reading: Reading = Field(description="what the index means")
    appeared: tuple[str, ...] = Field((), description="values that are new, the first of them")
    vanished: tuple[str, ...] = Field((), description="values that are gone, the first of them")


class FeatureDrift(BaseModel):
    """The means of the features: then against now, in standard deviations of then."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shift: float = Field(ge=0, description="root mean square of the features' shifts")
    noise: float = Field(ge=0, description="the shift that chance alone makes")
    largest: float = Field(ge=0, description="the largest shift of one feature")
    reading: Reading = Field(description="what the shift means, by the thresholds of the index")


class DriftReport(BaseModel):
    """What changed since the champion was trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[str, ColumnDrift] = Field({}, description="columns that both have")
    appeared: tuple[str, ...] = Field((), description="columns that are new")
    vanished: tuple[str, ...] = Field((), description="columns that are gone")
    classes: ColumnDrift | None = Field(None, description="shares of the classes")
    target: ColumnDrift | None = Field(None, description="values of a regression's target")
    features: FeatureDrift | None = Field(None, description="means of the features")
    notices: tuple[str, ...] = Field((), description="what a person should read, worst first")


def compare(champion: Mapping[str, Any], new: Mapping[str, Any]) -> DriftReport:
    """Compare two results of `statistics`; what only one of them has is named, not compared."""
    before, after = champion.get("columns", {}), new.get("columns", {})
    columns = {name: _compare(before[name], after[name]) for name in before if name in after}
    report = DriftReport(
        columns={name: drift for name, drift in columns.items() if drift is not None},
        appeared=tuple(name for name in after if name not in before) if before else (),
        vanished=tuple(name for name in before if name not in after) if after else (),
        classes=_both(champion, new, "classes"),
        target=_both(champion, new, "target"),
        features=_features(champion.get("features"), new.get("features")),
    )
    return report.model_copy(update={"notices": tuple(_notices(report))})


def _both(champion: Mapping[str, Any], new: Mapping[str, Any], name: str) -> ColumnDrift | None:
    return _compare(champion[name], new[name]) if name in champion and name in new else None


def _compare(old: Summary, new: Summary) -> ColumnDrift | None:
    """Compare one column; None where its kind changed, or one side has no rows."""
    if old["kind"] != new["kind"] or not old["rows"] or not new["rows"]:
        return None
    shares = _number_shares if old["kind"] == "numeric" else _category_shares
    psi, noise = _index(*shares(old, new), old["rows"], new["rows"])
    return ColumnDrift(
        psi=psi,
        noise=noise,
        reading=_read(psi, noise),
        appeared=_only_in(new, old),
        vanished=_only_in(old, new),
    )


def _only_in(one: Summary, other: Summary) -> tuple[str, ...]:
    """Name the categories that only one has; none when the other's list is not complete."""
    if one["kind"] == "numeric" or other["other"]:
        return ()
    return tuple(text for text in one["shares"] if text not in other["shares"])[:LISTED]


def _category_shares(old: Summary, new: Summary) -> tuple[list[float], list[float]]:
    """Give the shares of each category known then, of missing and of all the rest."""
    known = list(old["shares"])
    return _with_rest(old, known), _with_rest(new, known)


def _with_rest(summary: Summary, known: Sequence[str]) -> list[float]:
    shares = [summary["shares"].get(text, 0.0) for text in known] + [summary["missing"]]
    return [*shares, max(0.0, 1 - sum(shares))]


def _number_shares(old: Summary, new: Summary) -> tuple[list[float], list[float]]:
    """Give the shares of the bins between the deciles of then, and of missing."""
    points, below = np.array(old["points"]), np.array(old["below"])
    wanted = np.arange(1, BINS) / BINS
    edges = points if len(points) <= BINS else np.unique(points[np.searchsorted(below, wanted)])
    return _binned(old, edges), _binned(new, edges)


def _binned(summary: Summary, edges: NDArray[np.float64]) -> list[float]:
    between = np.diff(_below(summary, edges), prepend=0.0, append=1.0)
    return [*(between * (1 - summary["missing"])).tolist(), summary["missing"]]


def _below(summary: Summary, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Tell the share of the present values at or below each edge."""
    points, below = np.array(summary["points"]), np.array(summary["below"])
    if not len(points):
        return np.ones(len(edges))
    if summary["exact"]:
        return np.asarray(np.append(0.0, below)[np.searchsorted(points, edges, "right")])
    return np.asarray(np.interp(edges, points, below, left=0.0))


def _index(old: Sequence[float], new: Sequence[float], n: int, m: int) -> tuple[float, float]:
    """Return the population stability index and what chance alone makes of it."""
    then = np.maximum(old, 0.5 / n)  # half a row where there is none: the logarithm stays finite
    now = np.maximum(new, 0.5 / m)
    met = (np.array(old) > 0) | (np.array(new) > 0)
    psi = float(np.sum(((now - then) * np.log(now / then))[met]))
    free = max(0, int(met.sum()) - 1)
    return psi, (1 / n + 1 / m) * (free + NOISE_QUANTILE * sqrt(2 * free))


def _read(value: float, noise: float) -> Reading:
    if value < MODERATE or value <= noise:
        return "stable"
    return "shifted" if value < LARGE else "far off"


def _features(old: Summary | None, new: Summary | None) -> FeatureDrift | None:
    """Compare means; None where one side has none, or the width changed."""
    if not old or not new or len(old["mean"]) != len(new["mean"]):
        return None
    deviation = np.array(old["deviation"])
    moved = np.abs(np.array(new["mean"]) - np.array(old["mean"]))[deviation > 0]
    shifts = moved / deviation[deviation > 0]
    if not shifts.size:
        return None
    shift, noise = float(np.sqrt(np.mean(shifts**2))), 2 * sqrt(1 / old["rows"] + 1 / new["rows"])
    return FeatureDrift(
        shift=shift, noise=noise, largest=float(shifts.max()), reading=_read(shift, noise)
    )


def _notices(report: DriftReport) -> Iterator[str]:
    named = {f"column {name!r}": drift for name, drift in report.columns.items()}
    if report.classes is not None:
        named["the mix of classes"] = report.classes
    if report.target is not None:
        named["the target"] = report.target
    for name, drift in sorted(named.items(), key=lambda item: -item[1].psi):
        if drift.reading != "stable":
            yield f"{name} is {drift.reading} since the champion was trained (PSI {drift.psi:.2f})"
        if drift.appeared:
            yield f"{name} has values the champion never saw: {', '.join(drift.appeared)}"
        if drift.vanished:
            yield f"{name} lost values the champion saw: {', '.join(drift.vanished)}"
    if report.features is not None and report.features.reading != "stable":
        yield (
            f"the features are {report.features.reading} since the champion was trained: their"
            f" means moved by {report.features.shift:.2f} standard deviations"
        )
    for told, names in ("is new", report.appeared), ("is gone", report.vanished):
        yield from (f"column {name!r} {told} since the champion was trained" for name in names)
