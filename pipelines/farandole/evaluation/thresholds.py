"""The binary threshold, chosen on validation rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from farandole.evaluation.intervals import interval
from farandole.evaluation.metric import metric_named
from farandole.evaluation.predictions import HeldOut, Numbers, Predictions
from farandole.evaluation.totals import TOTALS

EVEN = 0.5


def threshold(metric: str, validation: HeldOut, probabilities: Numbers, seed: int = 0) -> float:
    """The threshold on the second class's probability with the best metric on validation rows.

    `probabilities` [n, 2]. It leaves 0.5 only when its gain is distinguishable from chance (the
    95 % interval lies above zero): on a few dozen rows the best cut is mostly luck. Metrics
    that read probabilities have no threshold to choose: 0.5.
    """
    if metric_named(metric).reads != "labels":
        return EVEN
    best = _best_cut(metric, validation, probabilities)
    said = Predictions(probabilities, best)
    gain = interval(metric, validation, said, replace(said, threshold=EVEN), seed=seed)
    return best if gain.above_zero else EVEN


def _best_cut(metric: str, validation: HeldOut, probabilities: Numbers) -> float:
    """The best of the midpoints between neighbouring probabilities; of equals the one nearest 0.5.

    One pass: above the cut a row counts as the second class, below as the first.
    """
    totals = TOTALS[metric]
    as_first = totals.rows(validation, Predictions(probabilities, threshold=2.0))
    as_second = totals.rows(validation, Predictions(probabilities, threshold=-1.0))
    order = np.argsort(probabilities[:, 1], kind="stable")
    ordered = probabilities[order, 1]
    below = np.cumsum(as_first[order], axis=0)
    above = as_second.sum(axis=0) - np.cumsum(as_second[order], axis=0)
    cuts = (ordered[:-1] + ordered[1:]) / 2
    scores = np.where(np.diff(ordered) > 0, totals.score(below + above)[:-1], -np.inf)
    candidates = cuts[np.isfinite(scores) & (scores >= scores.max(initial=0) - 1e-12)]
    return float(min(candidates, key=lambda cut: abs(cut - EVEN), default=EVEN))
