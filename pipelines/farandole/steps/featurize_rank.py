"""One rank of a featurization: `python -m farandole.steps.featurize_rank request.json`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from farandole.api.errors import ExitCode
from farandole.api.progress import SILENT, Progress
from farandole.data.prepare import open_prepared
from farandole.data.store import open_store
from farandole.ring.connect import Place
from farandole.ring.heartbeat import heartbeat
from farandole.ring.leaving import leave_after
from farandole.steps.rows.featurizing import compute_here
from farandole.steps.rows.featurizing_ranks import Request, part_of
from farandole.steps.rows.pretrained_features import PretrainedFeatures


def main(path: Path) -> ExitCode:
    """Compute this rank's part of what is missing, on cores of its own."""
    request = Request.model_validate_json(path.read_bytes())
    place = Place.model_validate(dict(os.environ))
    _keep_to_cores(place.HOROVOD_RANK, place.HOROVOD_SIZE)
    store = open_store(request.place.store)
    prepared = open_prepared(store, request.prepared)
    wanted = PretrainedFeatures(prepared, request.features, store, request.place, SILENT)
    items = part_of(wanted.missing(), place.HOROVOD_RANK, place.HOROVOD_SIZE)
    heart, progress = heartbeat(place.FARANDOLE_HEARTBEAT), _progress(request, place)

    def report(finished: int) -> None:
        heart.beat(finished)
        progress.update(f"{request.features.network}, one part", finished, len(items), "images")

    compute_here(wanted, items, report)
    return ExitCode.OK


def _keep_to_cores(rank: int, ranks: int) -> None:
    """Let ranks not wander over each other's cores: a tenth of the speed on two cores."""
    if hasattr(os, "sched_setaffinity"):
        mine = sorted(os.sched_getaffinity(0))[rank::ranks]
        os.sched_setaffinity(0, mine or os.sched_getaffinity(0))


def _progress(request: Request, place: Place) -> Progress:
    """Let the first rank speak for all: parts are of one size, and take as long."""
    path = request.place.progress if place.HOROVOD_RANK == 0 else None
    return Progress(Path(path) if path else None, "featurize")


if __name__ == "__main__":
    leave_after(lambda: main(Path(sys.argv[1])))
