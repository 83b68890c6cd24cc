"""Exact validation inside the ring: every rank scores its share, sums and counts are added up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from farandole.api.errors import RingError
from farandole.ring.ahead import ahead
from farandole.ring.backward import pixels
from farandole.ring.collective import Collective, Tensor
from farandole.ring.learner import Learner, Rows

LEAST_BATCH = 32
HELD = 2**28  # bytes of a rank's rows up to which they stay tensors from one epoch to the next
AHEAD = 2


@dataclass(frozen=True)
class _Batch:
    """Rows from `start`, `weight` [rows there are]; `x` and `y` are filled up to a whole batch."""

    start: int
    weight: NDArray[np.float64]
    x: Tensor
    y: Tensor


class Validation:
    """The validation rows, of which this rank scores every `size`-th batch of `batch` rows.

    Up to `held` bytes of a rank's rows are read and made tensors once; of more, each batch is read
    anew while the one before is scored.
    """

    def __init__(
        self,
        learner: Learner,
        rows: Rows,
        collective: Collective,
        batch: int,
        held: int = HELD,
    ) -> None:
        self._learner = learner
        self._rows = rows
        self._collective = collective
        self._batch = max(batch, LEAST_BATCH)
        every = range(0, len(rows), self._batch)
        self._starts = every[collective.rank :: collective.size]
        self._holds = len(self._starts) * self._batch * _bytes_a_row(rows.x) <= held
        self._held: tuple[_Batch, ...] | None = None
        self._score: Callable[[Tensor, Tensor], Tensor] | None = None

    def means(self, step: int) -> dict[str, float]:
        """Return the weighted means of loss and metrics over all rows: the same on all ranks.

        Raises `RingError` naming rows whose loss is not finite.
        """
        sums, wrong = np.zeros(2 + len(self._learner.metrics)), list[str]()
        with self._batches() as batches:
            for batch in batches:
                self._collective.beat(step)
                scores = self._scores_of(batch)
                sums += [batch.weight.sum(), *(scores @ batch.weight)]
                spoiled = np.flatnonzero(~np.isfinite(scores[0]))
                wrong += [self._rows.ids[batch.start + int(i)] for i in spoiled]
        told = self._collective.gather((sums, wrong))
        _refuse([row for _, rows in told for row in rows], step)
        return means(sum(sums for sums, _ in told), ("loss", *self._learner.metrics))

    def _batches(self) -> AbstractContextManager[Iterator[_Batch]]:
        if not self._holds:
            return ahead((self._read(start) for start in self._starts), AHEAD)
        self._held = self._held or tuple(self._read(start) for start in self._starts)
        return nullcontext(iter(self._held))

    def _read(self, start: int) -> _Batch:
        stop = min(start + self._batch, len(self._rows))
        positions = np.arange(start, stop)
        x = self._rows.x[np.zeros_like(positions), positions]
        y = self._rows.y[start:stop]
        weight = np.asarray(self._rows.weight[start:stop], np.float64)
        return _Batch(start, weight, tf.constant(self._filled(x)), tf.constant(self._filled(y)))

    def _filled(self, array: NDArray[Any]) -> NDArray[Any]:
        missing = self._batch - len(array)
        return np.pad(array, [(0, missing)] + [(0, 0)] * (array.ndim - 1)) if missing else array

    def _scores_of(self, batch: _Batch) -> NDArray[np.float64]:
        """Return loss and metrics [1 + metrics, rows there are]."""
        if self._score is None:
            traced = tf.function(self._scores, autograph=False)
            self._score = traced.get_concrete_function(batch.x, batch.y)
        scores = self._score(batch.x, batch.y).numpy()
        there: NDArray[np.float64] = scores[:, : len(batch.weight)].astype(np.float64)
        return there

    def _scores(self, x: Tensor, y: Tensor) -> Tensor:
        outputs = self._learner.model(pixels(x), training=False)
        scored = (self._learner.loss, *self._learner.metrics.values())
        return tf.stack([tf.cast(score(y, outputs), tf.float32) for score in scored])


def means(sums: NDArray[np.float64], names: tuple[str, ...]) -> dict[str, float]:
    """Return weighted means; `sums` are the weight and then each weighted total.

    Rows that all weigh nothing have means of 0.
    """
    weight = sums[0] or 1.0
    return {name: float(total / weight) for name, total in zip(names, sums[1:], strict=True)}


def _bytes_a_row(x: Any) -> int:
    return int(prod(x.shape[2:]) * np.dtype(x.dtype).itemsize)


def _refuse(wrong: list[str], step: int) -> None:
    if wrong:
        named = ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
        raise RingError(
            f"after step {step}: expected a finite validation loss, received NaN or infinity "
            f"for {named}; look at these rows, or lower the learning rate"
        )
