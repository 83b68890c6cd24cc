"""What one rank's rows of a step come to: gradients and sums, before anything crosses the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from farandole.ring.collective import Collective, Tensor
from farandole.ring.flat import dense
from farandole.ring.lanes import lanes_of
from farandole.ring.learner import Learner, Settings
from farandole.ring.micro_batches import MicroBatches
from farandole.ring.tables import Rows, Span, rows_of


@dataclass(frozen=True)
class Local:
    """One rank's part of a step.

    `gradients` of sum(w * loss) * scale, one a trainable variable; those of large tables by rows.
    `sums` float32 [2 + metrics]: weight, weighted loss, weighted metrics.
    """

    gradients: list[Tensor | Rows]
    sums: Tensor


class Backward:
    """Forward and backward over a rank's rows, in as many micro-batches as the settings ask for.

    Layers read lane, place and weight of a row from the learner's context, whose variables have as
    many rows as a micro-batch.
    """

    def __init__(self, learner: Learner, collective: Collective, settings: Settings) -> None:
        mine = lanes_of(collective.rank, collective.size, settings.lanes)
        width = settings.global_batch // settings.lanes
        self._learner = learner
        self._variables = [v.value for v in learner.model.trainable_variables]
        self._span = Span(mine[0] * width, len(mine) * width, settings.global_batch)
        self._parts = MicroBatches(len(mine) * width, settings.micro_batches)
        lanes, places = np.repeat(mine, width), np.tile(np.arange(width), len(mine))
        self._lanes, self._places = (
            self._parts.cut(tf.constant(each, tf.int32)) for each in (lanes, places)
        )
        self._place(0)

    def __call__(self, x: Tensor, y: Tensor, weight: Tensor, scale: Tensor) -> Local:
        """Return what all rows come to: x [rows, ...], y [rows], weight [rows], scale []."""
        if self._parts.count == 1:
            mine, _ = self._part(x, y, weight, scale)
            return replace(mine, gradients=self._by_rows(mine.gradients))
        rows = [self._parts.cut(each) for each in (x, y, weight)]
        first, _ = self._placed(0, rows, scale)
        added = [*self._dense(first.gradients), first.sums]

        def add(part: Tensor, *sums: Tensor) -> tuple[Tensor, ...]:
            more, _ = self._placed(part, rows, scale)
            pairs = zip(sums, [*self._dense(more.gradients), more.sums], strict=True)
            return (part + 1, *(one + other for one, other in pairs))

        # One after another: that is what saves memory.
        _, *added = tf.while_loop(
            lambda part, *_: part < self._parts.count,
            add,
            [tf.constant(1), *added],
            parallel_iterations=1,
        )
        return Local(added[:-1], added[-1])

    def by_row(self, x: Tensor, y: Tensor, weight: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the losses of all rows and the gradients unscaled: to look at what went wrong."""
        rows = [self._parts.cut(each) for each in (x, y, weight)]
        parts = [self._placed(n, rows, tf.constant(1.0)) for n in range(self._parts.count)]
        by_variable = zip(*(self._dense(part.gradients) for part, _ in parts), strict=True)
        losses = tf.concat([losses for _, losses in parts], axis=0)[: self._parts.rows]
        return losses, [tf.add_n(list(gradients)) for gradients in by_variable]

    def _placed(
        self, part: Tensor | int, rows: Sequence[Tensor], scale: Tensor
    ) -> tuple[Local, Tensor]:
        """Return what one micro-batch comes to."""
        self._place(part)
        x, y, weight = (each[part] for each in rows)
        return self._part(x, y, weight, scale)

    def _place(self, part: Tensor | int) -> None:
        context = self._learner.context
        if context is not None:
            context.lane.assign(self._lanes[part])
            context.place.assign(self._places[part])

    def _part(self, x: Tensor, y: Tensor, weight: Tensor, scale: Tensor) -> tuple[Local, Tensor]:
        if self._learner.context is not None:
            self._learner.context.weight.assign(weight)
        with tf.GradientTape() as tape:
            outputs = self._learner.model(pixels(x), training=True)
            losses = tf.cast(self._learner.loss(y, outputs), tf.float32)
            objective = _weighted(losses, weight) * scale
        gradients = tape.gradient(objective, self._variables)
        metrics = [_weighted(m(y, outputs), weight) for m in self._learner.metrics.values()]
        sums = tf.stack([tf.reduce_sum(weight), _weighted(losses, weight), *metrics])
        return Local(gradients, sums), losses

    def _dense(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        return [dense(g, v) for g, v in zip(gradients, self._variables, strict=True)]

    def _by_rows(self, gradients: Sequence[Tensor]) -> list[Tensor | Rows]:
        pairs = zip(gradients, self._variables, strict=True)
        return [rows_of(g, v, self._span) or dense(g, v) for g, v in pairs]


def pixels(x: Any) -> Tensor:
    """Return rows as the model takes them: stored bytes become float32."""
    return tf.cast(x, tf.float32) if x.dtype == tf.uint8 else x


def _weighted(values: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted sum over rows; a row of weight 0 counts nothing, whatever its value."""
    values = tf.cast(values, tf.float32)
    return tf.reduce_sum(tf.where(weight > 0, values * weight, tf.zeros_like(values)))
