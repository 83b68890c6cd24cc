"""Learning curves: logged to MLflow by rank 0 while a ring trains, in batches."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from farandole.data.store import open_store
from farandole.launch.beside import Ring
from farandole.registry.tracking import Point, Run, open_tracker
from farandole.ring.learner import Epoch
from farandole.steps import train
from farandole.steps.observe import FOLLOWING, NAME
from farandole.steps.observing import log
from farandole.steps.observing.findings import findings_of

SECONDS = 5.0  # at least between two batches


class Curves:
    """Collects epochs and logs them to the one run of the identity; other ranks log nothing.

    What the evaluator beside the ring found goes along, where no server keeps the run: then this is
    the one writer of its database.
    """

    def __init__(self, parameters: train.Parameters, logs: bool) -> None:
        self._parameters = parameters
        self._logs = logs
        self._waiting: list[Epoch] = []
        self._flushed = time.monotonic()
        self._run: Run | None = None
        self._observed = 0

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
        if not self._logs:
            return
        found = [*points(self._waiting), *self._beside()]
        if found:
            self._opened().log_metrics(found)
        self._waiting, self._flushed = [], time.monotonic()

    def _beside(self) -> list[Point]:
        """Return what the evaluator has found since the last batch."""
        place, job = self._parameters.place, train.job_of(self._parameters)
        folder = Path(place.work) / f"train-{job}"
        if log.served(place.tracking) or not Ring(folder, folder / NAME).told(FOLLOWING):
            return []
        found = findings_of(open_store(place.store), f"models/{job}")[self._observed :]
        self._observed += len(found)
        return log.points(found)

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
