"""The evaluator's own process, from a request to its last finding."""

from __future__ import annotations

import time
from pathlib import Path

from farandole.api.errors import ExitCode
from farandole.api.progress import Progress
from farandole.data.store import open_store
from farandole.launch.beside import Ring
from farandole.steps import train
from farandole.steps.fitting.closing import close_test_rows
from farandole.steps.observe import FOLLOWING
from farandole.steps.observing.evaluator import LOOK, Evaluator
from farandole.steps.observing.findings import Findings
from farandole.steps.observing.log import Log, served
from farandole.steps.observing.watch import Watch


def observe(request: str, job: str, ring: Ring) -> ExitCode:
    """Follow the training of `job`; the network is not built before there is a checkpoint."""
    parameters = train.request_of(request)
    store = close_test_rows(open_store(parameters.place.store), parameters)
    findings = Findings(store, f"models/{job}")
    watch = Watch(store, f"checkpoints/{job}", findings.last_step)
    if not _first(watch, ring):
        return ExitCode.OK
    from farandole.steps.observing.scorer import Scorer

    scorer = Scorer.open(parameters, store)
    if scorer is None:
        return ExitCode.OK
    ring.tell(FOLLOWING)
    path = parameters.place.progress
    progress = Progress(Path(path) if path else None, "train")
    evaluator = Evaluator(watch, ring, findings, progress, scorer.score)
    if served(parameters.place.tracking):
        name = parameters.model().metadata.name
        log = Log(parameters.place.tracking, parameters.prepared.identity, name, progress)
        evaluator.found = log.found
    evaluator.follow()
    return ExitCode.OK


def _first(watch: Watch, ring: Ring) -> bool:
    """Wait for a checkpoint to score; False where the ring ended before."""
    while not ring.ended:
        watch.look()
        if watch.newest() is not None:
            return True
        time.sleep(LOOK)
    return False
