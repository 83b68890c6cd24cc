"""Exact validation inside the ring: every rank scores its share, sums and counts are added up."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from farandole.api.errors import RingError
from farandole.ring.backward import pixels
from farandole.ring.collective import Collective, Tensor
from farandole.ring.learner import Learner, Rows

LEAST_BATCH = 32


class Validation:
    """The validation rows, of which this rank scores every `size`-th batch of `batch` rows."""

    def __init__(self, learner: Learner, rows: Rows, collective: Collective, batch: int) -> None:
        self._learner = learner
        self._rows = rows
        self._collective = collective
        self._batch = max(batch, LEAST_BATCH)
        self._score = tf.function(self._scores, autograph=False)

    def means(self, step: int) -> dict[str, float]:
        """Return the weighted means of loss and metrics over all rows: the same on all ranks.

        Raises `RingError` naming rows whose loss is not finite.
        """
        starts = range(0, len(self._rows), self._batch)[
            self._collective.rank :: self._collective.size
        ]
        mine = [self._batch_sums(start, step) for start in starts]
        wrong = [row for _, rows in mine for row in rows]
        sums = sum((s for s, _ in mine), start=np.zeros(2 + len(self._learner.metrics)))
        told = self._collective.gather((sums, wrong))
        _refuse([row for _, rows in told for row in rows], step)
        return means(sum(sums for sums, _ in told), ("loss", *self._learner.metrics))

    def _batch_sums(self, start: int, step: int) -> tuple[NDArray[np.float64], list[str]]:
        self._collective.beat(step)
        here = slice(start, start + self._batch)
        weight = np.asarray(self._rows.weight[here], np.float64)
        count = len(weight)
        x, y = (self._padded(values[here]) for values in (self._rows.x[0], self._rows.y))
        scores = self._score(tf.constant(x), tf.constant(y)).numpy()[:, :count].astype(np.float64)
        wrong = [self._rows.ids[start + int(i)] for i in np.flatnonzero(~np.isfinite(scores[0]))]
        return np.array([weight.sum(), *(scores @ weight)]), wrong

    def _padded(self, array: NDArray[Any]) -> NDArray[Any]:
        missing = self._batch - len(array)
        return np.pad(array, [(0, missing)] + [(0, 0)] * (array.ndim - 1)) if missing else array

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


def _refuse(wrong: list[str], step: int) -> None:
    if wrong:
        named = ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
        raise RingError(
            f"after step {step}: expected a finite validation loss, received NaN or infinity "
            f"for {named}; look at these rows, or lower the learning rate"
        )
