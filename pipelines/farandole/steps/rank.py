"""One rank of a ring, started by train: `... -m farandole.steps.rank request.json JOB ATTEMPT`."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from farandole.api import Placement
from farandole.api.errors import ExitCode
from farandole.api.progress import Progress
from farandole.data.prepare import open_prepared
from farandole.data.store import Store, open_store
from farandole.ring.collective import Collective
from farandole.ring.connect import connect
from farandole.ring.determinism import make_deterministic
from farandole.ring.efficiency import Efficiency, efficiency_of, gradient_bytes
from farandole.ring.lanes import Lanes
from farandole.ring.learner import Fitted, Settings
from farandole.ring.leaving import leave_after
from farandole.ring.stop_request import StopRequest, stop_on_signals
from farandole.ring.training import fit
from farandole.ring.wire import measure
from farandole.steps import train
from farandole.steps.fitting import learning
from farandole.steps.fitting.closing import close_test_rows
from farandole.steps.fitting.curves import Curves
from farandole.steps.rows.dataset import open_dataset


@dataclass(frozen=True)
class Trained:
    """What a rank holds at the end: the network, its stateful random layers, how it went."""

    model: keras.Model
    stateful: tuple[str, ...]
    fitted: Fitted
    efficiency: Efficiency


def main(request: str, job: str, attempt: int) -> ExitCode:
    """Train the rank's lanes; rank 0 writes the weights and the history.

    Asked to end, all ranks stop after the same step, with a checkpoint.
    """
    stop = stop_on_signals()
    parameters = train.request_of(request)
    if parameters.recipe_tuned().training.reproducible:
        make_deterministic()
    store = close_test_rows(open_store(parameters.place.store), parameters)
    collective = connect()
    trained = _fit(parameters, store, collective, job, attempt, stop)
    if trained.fitted.interrupted:
        return ExitCode.INTERRUPTED
    if collective.rank == 0:
        _write(store, job, trained)
    collective.barrier()
    return ExitCode.OK


def _fit(
    parameters: train.Parameters,
    store: Store,
    collective: Collective,
    job: str,
    attempt: int,
    stop: StopRequest,
) -> Trained:
    recipe = parameters.recipe_tuned()
    prepared = open_prepared(store, parameters.prepared.prefix)
    arrays = parameters.featurized.arrays
    rows = open_dataset(store, arrays, prepared, recipe, "train")
    held = open_dataset(store, arrays, prepared, recipe, "validation")
    folder = Path(parameters.place.folder)
    assignment = learning.Assignment(recipe, prepared.manifest.classes, folder)
    problem = learning.problem_of(assignment, rows.x, np.asarray(rows.y))
    learner, built = learning.learner_of(problem, rows.x.shape[1], collective)
    progress = Progress(_progress_path(parameters, collective), "train")
    wire = measure(collective)
    with Curves(parameters, collective.rank == 0) as curves:
        fitted = fit(
            learner,
            learning.train_rows(problem, rows.ring_rows()),
            learning.validation_rows(problem, held.ring_rows()) if held.rows else None,
            _settings(parameters, job, attempt),
            collective,
            store=store,
            prefix=f"checkpoints/{job}",
            on_epoch=curves.log,
            progress=progress,
            stop=stop,
        )
    lanes = Lanes(rows.x.shape[1], recipe.training.global_batch, recipe.training.lane_count())
    efficiency = efficiency_of(
        collective,
        fitted.seconds,
        steps=fitted.steps - fitted.resumed,
        rows_per_step=lanes.rows / lanes.steps,
        bytes_per_step=gradient_bytes(learner.model, recipe.training.compression),
        wire=wire,
    )
    return Trained(learner.model, built.stateful, fitted, efficiency)


def _settings(parameters: train.Parameters, job: str, attempt: int) -> Settings:
    placement: Placement = parameters.model().spec.placement
    return learning.settings_of(
        parameters.recipe_tuned().training,
        job,
        fence=attempt,
        checkpoint_seconds=placement.checkpoint.every_seconds,
        keep=placement.checkpoint.keep,
    )


def _progress_path(parameters: train.Parameters, collective: Collective) -> Path | None:
    path = parameters.place.progress
    return Path(path) if path and collective.rank == 0 else None


def _write(store: Store, job: str, trained: Trained) -> None:
    fitted = trained.fitted
    content = io.BytesIO()
    weights = {
        f"{number:04d}": np.asarray(value)
        for number, value in enumerate(trained.model.get_weights())
    }
    np.savez(content, **weights)  # type: ignore[arg-type]  # numpy's stub takes allow_pickle for a name
    store.put(f"models/{job}/weights.npz", content.getvalue())
    result = {
        "best_epoch": fitted.best_epoch,
        "steps": fitted.steps,
        "stopped_early": fitted.stopped_early,
        "world_size_dependent": list(trained.stateful),
        "notices": list(fitted.notices),
        "history": [epoch.model_dump() for epoch in fitted.history],
        "seconds": dict(fitted.seconds),
        "efficiency": trained.efficiency.model_dump(),
    }
    store.put(f"models/{job}/result.json", json.dumps(result, sort_keys=True).encode())


if __name__ == "__main__":
    leave_after(lambda: main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
