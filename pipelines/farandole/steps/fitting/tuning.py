"""How tune searches: trials on train rows, judged on validation rows, with the test rows closed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from farandole.api import Recipe
from farandole.api.progress import Progress
from farandole.data.prepare import open_prepared
from farandole.data.store import Store
from farandole.evaluation.predictions import Predictions
from farandole.steps import tune
from farandole.steps.fitting.closing import close_test_rows
from farandole.steps.fitting.fit import fit_and_predict
from farandole.steps.fitting.learning import Assignment
from farandole.steps.fitting.search import Trial, search
from farandole.steps.rows.dataset import open_dataset


def tuned(parameters: tune.Parameters, store: Store, key: str, progress: Progress) -> tune.Outputs:
    """Search; every finished trial is kept, so that an interrupted search goes on."""
    recipe, journal = parameters.recipe(), f"tuning/{PurePosixPath(key).stem}"
    closed = close_test_rows(store, parameters)
    prepared = open_prepared(closed, parameters.prepared.prefix)
    arrays = parameters.featurized.arrays
    train = open_dataset(closed, arrays, prepared, recipe, "train")
    validation = open_dataset(closed, arrays, prepared, recipe, "validation")
    settings: Any = recipe.tuning.chosen()[1] if recipe.tuning else None

    assignment = Assignment(recipe, prepared.manifest.classes, Path(parameters.place.folder))

    def trained(tried: Recipe) -> Predictions:
        return fit_and_predict(replace(assignment, recipe=tried), train, validation, validation)

    def told(trial: Trial) -> None:
        closed.put(f"{journal}/{trial.number:05d}.json", trial.model_dump_json().encode())
        progress.update("trials", trial.number + 1, settings.trials, "trials")

    found = search(recipe, validation.held_out(), trained, told, _journal(closed, journal))
    progress.say(found.sentence)
    trials = tuple(json.loads(trial.model_dump_json()) for trial in found.trials)
    return tune.Outputs(chosen=found.chosen, trials=trials, sentence=found.sentence)


def _journal(store: Store, prefix: str) -> dict[int, Trial]:
    trials = [Trial.model_validate_json(store.get(stat.key)) for stat in store.list(prefix)]
    return {trial.number: trial for trial in trials}
