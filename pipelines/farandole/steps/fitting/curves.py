"""Learning curves: logged to MLflow by rank 0 while a ring trains, in batches."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType

from farandole.registry.tracking import Point, Run, open_tracker
from farandole.ring.learner import Epoch
from farandole.steps import train

SECONDS = 5.0  # at least between two batches


class Curves:
    """Collects epochs and logs them to the one run of the identity; other ranks log nothing."""

    def __init__(self, parameters: train.Parameters, logs: bool) -> None:
        self._parameters = parameters
        self._logs = logs
        self._waiting: list[Epoch] = []
        self._flushed = time.monotonic()
        self._run: Run | None = None

    def __enter__(self) -> Curves:
        """Start collecting."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Log what is left, also when training failed."""
        self._flush()

    def log(self, epoch: Epoch) -> None:
        """Take one epoch; a batch goes out every few seconds."""
        self._waiting.append(epoch)
        if time.monotonic() - self._flushed >= SECONDS:
            self._flush()

    def _flush(self) -> None:
        if not self._logs or not self._waiting:
            return
        self._opened().log_metrics(points(self._waiting))
        self._waiting, self._flushed = [], time.monotonic()

    def _opened(self) -> Run:
        if self._run is None:
            parameters = self._parameters
            tracker = open_tracker(parameters.place.tracking)
            name = parameters.model().metadata.name
            self._run = tracker.run(parameters.prepared.identity, name, {})
        return self._run


def points(history: Sequence[Epoch]) -> list[Point]:
    """Return every figure of every epoch at its step."""
    return [
        Point(f"{part}.{name}", value, epoch.steps)
        for epoch in history
        for part, figures in (("train", epoch.train), ("validation", epoch.validation))
        for name, value in figures.items()
    ]


def finals(metrics: Mapping[str, float], step: int) -> list[Point]:
    """Return the test metrics, at the last step."""
    return [Point(f"test.{name}", value, step) for name, value in metrics.items()]
