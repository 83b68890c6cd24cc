"""Bootstrap by cluster: the rows of one duplicate cluster are drawn together or not at all.

Field, C. A. and Welsh, A. H. (2007), "Bootstrapping clustered data". All predictions are scored
on the same resamples, so their differences are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from farandole.evaluation.predictions import HeldOut, Labels, Numbers, Predictions
from farandole.evaluation.threads import one_thread
from farandole.evaluation.totals import TOTALS, Totals, weights

Scorer = Callable[[Numbers], Numbers]
RESAMPLES = 2000
_CELLS = 2_000_000  # counts held at once: 16 MB, whatever the number of clusters


def resampled_scores(
    metric: str,
    held: HeldOut,
    predictions: Sequence[Predictions],
    seed: int,
    resamples: int = RESAMPLES,
) -> Numbers:
    """The metric of every prediction on the same resamples: [predictions, resamples].

    NaN where a resample leaves the metric undefined. The same rows in another order, and the
    same seed, give the same resamples.
    """
    names, cluster = np.unique(np.asarray(held.groups, dtype=str), return_inverse=True)
    draws = _draws(len(names), seed, resamples)
    scorers = [_scorer(metric, held, each, cluster, len(names)) for each in predictions]
    with one_thread(), np.errstate(invalid="ignore", divide="ignore"):
        return np.hstack([np.stack([scorer(counts) for scorer in scorers]) for counts in draws])


def _draws(clusters: int, seed: int, resamples: int) -> Iterator[Numbers]:
    """How often each cluster was drawn, a chunk of resamples at a time: [chunk, clusters]."""
    random = np.random.default_rng(seed)
    chunk = max(1, _CELLS // clusters)
    for start in range(0, resamples, chunk):
        size = min(chunk, resamples - start)
        drawn = random.integers(0, clusters, size=(size, clusters))
        flat = (drawn + np.arange(size)[:, None] * clusters).ravel()
        counts = np.bincount(flat, minlength=size * clusters)
        yield counts.reshape(size, clusters).astype(np.float64)


def _scorer(
    metric: str, held: HeldOut, predicted: Predictions, cluster: Labels, clusters: int
) -> Scorer:
    """What turns drawn counts [chunk, clusters] into scores [chunk]."""
    if metric == "rocAuc":
        return _of_ranks(held, predicted, cluster)
    return _of_totals(TOTALS[metric], held, predicted, cluster, clusters)


def _of_totals(
    totals: Totals, held: HeldOut, predicted: Predictions, cluster: Labels, clusters: int
) -> Scorer:
    rows = totals.rows(held, predicted)
    sums = np.zeros((clusters, rows.shape[1]))
    np.add.at(sums, cluster, rows)
    return lambda counts: totals.score(counts @ sums)


def _of_ranks(held: HeldOut, predicted: Predictions, cluster: Labels) -> Scorer:
    """The area under the ROC curve, which no sum over rows gives: one sort, then ranks."""
    columns = [1] if predicted.values.shape[1] == 2 else range(predicted.values.shape[1])
    areas = [_area(held.y == column, predicted.values[:, column]) for column in columns]
    own = weights(held)

    def scores(counts: Numbers) -> Numbers:
        weight = counts[:, cluster] * own
        each = np.stack([area(weight) for area in areas])
        defined = np.isfinite(each)
        return np.asarray(np.where(defined, each, 0).sum(axis=0) / defined.sum(axis=0))

    return scores


def _area(positive: NDArray[np.bool_], probability: Numbers) -> Scorer:
    """Share of (positive, negative) weight in the right order, ties counted half.

    A positive row outranks the negative weight below its probability, and half of what ties.
    """
    order = np.argsort(probability, kind="stable")
    ordered, sorted_probability = positive[order], probability[order]
    positives = np.flatnonzero(ordered)
    first = np.searchsorted(sorted_probability, sorted_probability[positives], side="left")
    past = np.searchsorted(sorted_probability, sorted_probability[positives], side="right")

    def area(weight: Numbers) -> Numbers:
        weight = weight[:, order]
        below = np.zeros((len(weight), len(order) + 1))
        np.cumsum(weight * ~ordered, axis=1, out=below[:, 1:])
        own = weight[:, positives]
        pairs = (own * (below[:, first] + below[:, past])).sum(axis=1) / 2
        return np.asarray(pairs / (own.sum(axis=1) * below[:, -1]))

    return area
