"""A document's steps, one after the other in this process; training is here, not on a ring."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from farandole.api import Model, Outcome
from farandole.api.progress import Progress
from farandole.data.prepare import open_prepared
from farandole.data.store import open_store
from farandole.registry.tracking import Tracker, Version, open_tracker
from farandole.steps import evaluate, featurize, prepare, register, train, tune
from farandole.steps.fitting.fit import fit_rows
from farandole.steps.fitting.learning import Assignment
from farandole.steps.judging.findings import Findings
from farandole.steps.place import Place
from farandole.steps.rows.dataset import open_dataset


class Chain:
    """Runs documents in one state folder, as `farandole run` does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.progress_path = folder / "progress.jsonl"
        self.trained = 0
        self.place = Place(
            store=str(folder / "store"),
            work=str(folder / "work"),
            tracking=str(folder / "mlflow"),
            folder=str(folder),
        )
        self.store = open_store(self.place.store)

    def tracker(self) -> Tracker:
        return open_tracker(self.place.tracking)

    def serving(self, name: str = "rows", alias: str = "champion") -> int | None:
        version = self.tracker().at(name, alias)
        return version.number if version else None

    def run(
        self,
        recipe: Mapping[str, Any],
        chosen: Mapping[str, float] | None = None,
        **promotion: Any,
    ) -> Outcome:
        """Answer what is known, else walk the steps as if tuning had chosen `chosen`."""
        model = document(recipe, promotion)
        known = prepare.trained_before(model, self.place)
        return known if known is not None else self.walked(model, dict(chosen or {}))

    def parameters(self, model: Model) -> prepare.Parameters:
        return prepare.Parameters(place=self.place, document=model.model_dump_json(by_alias=True))

    def version(self, outcome: Outcome) -> Version:
        found = self.tracker().version_of(outcome.registered_model, outcome.identity)
        assert found is not None
        return found

    def walked(self, model: Model, chosen: dict[str, Any]) -> Outcome:
        given: dict[str, Any] = {
            "place": self.place,
            "document": model.model_dump_json(by_alias=True),
        }
        progress = Progress(self.progress_path, "test")
        given["prepared"] = prepare.run(prepare.Parameters(**given), progress)
        given["featurized"] = featurize.run(featurize.Parameters(**given), progress)
        tuned = tune.run(tune.Parameters(**given), progress)
        given["tuned"] = tuned.model_copy(update={"chosen": {**tuned.chosen, **chosen}})
        given["trained"] = self._trained(train.Parameters(**given))
        given["evaluated"] = evaluate.run(evaluate.Parameters(**given), progress)
        return register.run(register.Parameters(**given), progress).outcome

    def findings(self, outcome: Outcome) -> Findings:
        content = self.store.get(f"runs/{outcome.identity}/findings.json")
        return Findings.model_validate_json(content)

    def page(self, outcome: Outcome) -> str:
        return self.store.get(str(outcome.report)).decode()

    def _trained(self, parameters: train.Parameters) -> train.Outputs:
        self.trained += 1
        recipe, arrays = parameters.recipe_tuned(), parameters.featurized.arrays
        prepared = open_prepared(self.store, parameters.prepared.prefix)
        rows, held = (
            open_dataset(self.store, arrays, prepared, recipe, split)
            for split in ("train", "validation")
        )
        fitted = fit_rows(Assignment(recipe, prepared.manifest.classes, self.folder), rows, held)
        content, job = io.BytesIO(), train.job_of(parameters)
        weights = {f"{at:04d}": each for at, each in enumerate(fitted.model.get_weights())}
        np.savez(content, **weights)
        self.store.put(f"models/{job}/weights.npz", content.getvalue())
        return train.Outputs(
            model=f"models/{job}",
            ranks=1,
            best_epoch=0,
            steps=1,
            stopped_early=False,
            history=(),
            seconds={},
        )


def document(recipe: Mapping[str, Any], promotion: Mapping[str, Any]) -> Model:
    """Return a Model named `rows`."""
    written = {
        "apiVersion": "farandole.dev/v1alpha1",
        "kind": "Model",
        "metadata": {"name": "rows"},
        "spec": {"recipe": recipe, "promotion": promotion},
    }
    return Model.model_validate_json(json.dumps(written))
