"""The evaluator's own process, from a request to its last finding."""

from __future__ import annotations

import time
from pathlib import Path

from farandole.api.progress import Progress
from farandole.data.store import open_store
from farandole.launch.beside import Ring
from farandole.registry.tracking import Run, TrackingError, open_tracker
from farandole.steps import train
from farandole.steps.fitting.closing import close_test_rows
from farandole.steps.observe import FOLLOWING
from farandole.steps.observing.evaluator import LOOK, Evaluator
from farandole.steps.observing.findings import Finding, Findings, points, served
from farandole.steps.observing.watch import Watch


def observe(request: str, job: str, ring: Ring) -> None:
    """Follow the training of `job`; the network is not built before there is a checkpoint."""
    parameters = train.request_of(request)
    store = close_test_rows(open_store(parameters.place.store), parameters)
    findings = Findings(store, f"models/{job}")
    watch = Watch(store, f"checkpoints/{job}", findings.last_step)
    if not _first(watch, ring):
        return
    from farandole.steps.observing.scorer import Scorer

    scorer = Scorer.open(parameters, store)
    if scorer is None:
        return
    ring.tell(FOLLOWING)
    path = parameters.place.progress
    progress = Progress(Path(path) if path else None, "train")
    log = Log(parameters, findings, progress)
    Evaluator(watch, ring, findings, progress, scorer.score, log.found).follow()


class Log:
    """Logs findings to the one run of the identity where a server keeps it.

    A local database has one writer while a ring trains, its rank 0, which takes the findings along
    (`farandole.steps.fitting.curves`): a process that only works when no other does would keep the
    database locked for as long as it has to wait, and the ring with it.
    """

    def __init__(self, parameters: train.Parameters, findings: Findings, says: Progress) -> None:
        self._parameters = parameters
        self._findings = findings
        self._says = says
        self._logged = 0
        self._run: Run | None = None

    def found(self, _: Finding) -> None:
        """Log what is new; what a server does not take is logged with the next, or by register."""
        if not served(self._parameters.place.tracking):
            return
        new = self._findings.all[self._logged :]
        try:
            self._opened().log_metrics(points(new))
        except TrackingError as error:
            self._says.say(f"the evaluator goes on, and its figures are logged later: {error}")
            return
        self._logged += len(new)

    def _opened(self) -> Run:
        if self._run is None:
            parameters = self._parameters
            tracker = open_tracker(parameters.place.tracking)
            self._run = tracker.run(
                parameters.prepared.identity, parameters.model().metadata.name, {}
            )
        return self._run


def _first(watch: Watch, ring: Ring) -> bool:
    """Wait for a checkpoint to score; False where the ring ended before."""
    while not ring.ended:
        watch.look()
        if watch.newest() is not None:
            return True
        time.sleep(LOOK)
    return False
