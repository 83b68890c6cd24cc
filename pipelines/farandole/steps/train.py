"""train: one ring over the train rows, resumed from its checkpoints."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from farandole.api import Recipe, digest_of, recipe_at
from farandole.api.progress import Progress
from farandole.data.store import Store, open_store
from farandole.launch import here
from farandole.launch.lasting import Life, WantedSize, outlast
from farandole.launch.preloading import Preloaded, fork_server
from farandole.launch.restarts import Bounds
from farandole.ring.efficiency import Efficiency
from farandole.ring.learner import Epoch
from farandole.steps import prepare, program, tune
from farandole.steps.cache import cached, step_key
from farandole.steps.observing.attended import attended
from farandole.steps.observing.observed import Observed, observed_of
from farandole.steps.place import StepOutputs

SILENCE = 300.0  # seconds without a line of progress before a ring counts as hung


class Parameters(tune.Parameters):
    """The arrays, and the parameters that tuning chose."""

    tuned: tune.Outputs

    def recipe_tuned(self) -> Recipe:
        """Return the recipe with the chosen parameters in place."""
        return recipe_at(self.recipe(), dict(self.tuned.chosen))


class Outputs(StepOutputs):
    """Where the trained weights are, and how training went."""

    model: str
    ranks: int
    best_epoch: int
    steps: int
    stopped_early: bool
    world_size_dependent: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    history: tuple[Epoch, ...]
    seconds: dict[str, float]
    efficiency: Efficiency | None = None
    observed: Observed | None = None


def run(parameters: Parameters, progress: Progress) -> Outputs:
    """Train to the end, or go on from the last complete checkpoint of this very job."""
    store = open_store(parameters.place.store)
    job = job_of(parameters)
    return cached(
        store, step_key("train", job=job), Outputs, lambda: _train(parameters, store, job, progress)
    )


def job_of(parameters: Parameters) -> str:
    """Return the name of a training: what its weights depend on, and nothing else."""
    recipe = parameters.recipe_tuned()
    parts = recipe.model_dump(mode="json", include={"task", "network", "training"})
    builder = prepare.builder(recipe, Path(parameters.place.folder))
    return digest_of([parameters.featurized.arrays, parts, builder])[:32]


def _train(parameters: Parameters, store: Store, job: str, progress: Progress) -> Outputs:
    lanes = parameters.recipe_tuned().training.lane_count()
    ranks = ranks_that_train(parameters.place.rank_count(), lanes, progress)
    folder = parameters.place.work_folder(f"train-{job}")
    request = folder / "request.json"
    request.write_text(parameters.model_dump_json(), encoding="utf-8")
    wanted = parameters.model().spec.placement.checkpoint.observe
    with (
        attended(request, job, wanted, progress) as attendance,
        fork_server("farandole.steps.rank", ranks) as server,
    ):
        course = outlast(
            lambda life: _live(life, request, [job, str(_attempt(store, job))], progress, server),
            ranks,
            folder,
            progress.say,
            bounds=_bounds(parameters, lanes),
            wanted=WantedSize(folder / "ranks.wanted"),
        )
    result: dict[str, Any] = json.loads(store.get(f"models/{job}/result.json"))
    result["notices"] = [*result["notices"], *attendance.notices]
    observed = _observed(store, job, progress) if attendance.begun else None
    return Outputs(model=f"models/{job}", ranks=course.ranks, observed=observed, **result)


def _live(life: Life, request: Path, job: list[str], progress: Progress, server: Preloaded) -> None:
    """Train in one ring, as one writer of checkpoints; `job` is its name and attempt."""
    here.ring(
        [sys.executable, "-m", "farandole.steps.rank", str(request), *job],
        life.ranks,
        request.parent,
        progress=progress.path,
        environment=dict(os.environ),
        silence_seconds=SILENCE,
        leave=life.leave,
        fork_server=server.address(),
    )


def _bounds(parameters: Parameters, lanes: int) -> Bounds | None:
    """Return between how many ranks the ring may move while it trains; None: it stays as it is."""
    elastic = parameters.model().spec.placement.elastic
    if elastic is None or here.ring_available() is not None:
        return None
    return Bounds(min(elastic.min, lanes), min(elastic.max, lanes))


def _observed(store: Store, job: str, progress: Progress) -> Observed:
    observed = observed_of(store, f"models/{job}", f"checkpoints/{job}")
    progress.say(observed.sentence)
    return observed


def ranks_that_train(wanted: int, lanes: int, progress: Progress) -> int:
    """Return how many of the ranks that were asked for can train, and say why when it is fewer."""
    reason = here.ring_available() if wanted > 1 else None
    if reason is not None:
        progress.say(f"training goes on with one process: {reason}")
        return 1
    if wanted > lanes:
        progress.say(
            f"training goes on with {lanes} of {wanted} ranks, because each needs a lane and the "
            f"recipe has {lanes}: training.lanes"
        )
    return min(wanted, lanes)


def _attempt(store: Store, job: str) -> int:
    attempt = 1
    while not store.put_if_absent(f"attempts/{job}/{attempt}", b"started"):
        attempt += 1
    return attempt


def request_of(path: str) -> Parameters:
    """Read what a rank is asked to do."""
    return Parameters.model_validate_json(Path(path).read_text(encoding="utf-8"))


if __name__ == "__main__":
    program.main(sys.modules[__name__])
