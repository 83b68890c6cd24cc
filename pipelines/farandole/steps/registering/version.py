"""From a trained network to a registered version: write, check, register, promote."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from farandole.api import Recipe
from farandole.api.progress import Progress
from farandole.data.prepare import Prepared, open_prepared
from farandole.data.store import Store
from farandole.registry import artifact
from farandole.registry.tracking import Tracker, Version, open_tracker
from farandole.registry.verify import check
from farandole.steps import register
from farandole.steps.fitting.curves import finals, points
from farandole.steps.judging.findings import Findings
from farandole.steps.observing import findings as beside
from farandole.steps.observing import log
from farandole.steps.registering.bundle import bundle_of, lineage_of
from farandole.steps.registering.efficiency import efficiency_points
from farandole.steps.registering.serving import note_served, owner
from farandole.steps.rows.raw_rows import raw_rows

MODEL = "model"


def register_version(
    parameters: register.Parameters, store: Store, progress: Progress
) -> Version | None:
    """Return the one version of this identity, made or found; None where predictions are NaN.

    Before it is registered the artifact is loaded again, and must answer 32 raw test rows as
    evaluation recorded.
    """
    decision, model = parameters.evaluated.decision, parameters.model()
    if decision.verdict == "NotFinite":
        return None
    tracker, identity = open_tracker(parameters.place.tracking), parameters.prepared.identity
    folder = parameters.place.work_folder(f"artifact-{identity[:16]}")
    if tracker.version_of(model.registered_model, identity) is None:
        _write(folder, parameters, store, progress)
        _log(tracker, parameters, store)
    tags = {**_lineage_tags(parameters), "gate.verdict": decision.verdict}
    # Called also where a version was found: a race that this run lost is tidied up there.
    version = tracker.register(model.registered_model, identity, folder / MODEL, tags, owner(model))
    if decision.promote:
        tracker.promote(version, model.spec.promotion.alias, owner(model))
        note_served(store, model, identity)
    shutil.rmtree(folder, ignore_errors=True)
    progress.update("registered", 1, 1, "versions")
    return version


def _write(folder: Path, parameters: register.Parameters, store: Store, progress: Progress) -> None:
    prepared = open_prepared(store, parameters.prepared.prefix)
    findings = findings_of(store, parameters)
    written = artifact.write(
        folder / MODEL, bundle_of(parameters, store, prepared, findings.threshold, folder)
    )
    progress.update("artifact written and checked", 1, 2, "steps")
    _check(written, prepared, findings)
    progress.update("artifact written and checked", 2, 2, "steps")


def _log(tracker: Tracker, parameters: register.Parameters, store: Store) -> None:
    trained, identity = parameters.trained, parameters.prepared.identity
    run = tracker.run(identity, parameters.model().metadata.name, _lineage_tags(parameters))
    run.log_params(_params(parameters.recipe_tuned()))
    observed = log.points(beside.findings_of(store, trained.model))
    tested = finals(parameters.evaluated.metrics, trained.steps)
    run.log_metrics([*points(trained.history), *observed, *tested])
    run.log_metrics(efficiency_points(parameters))


def _lineage_tags(parameters: register.Parameters) -> dict[str, str]:
    return lineage_of(parameters, {}).tags()


def _check(written: Path, prepared: Prepared, findings: Findings) -> None:
    rows = raw_rows(prepared, "test", [each.position for each in findings.checks])
    expected = np.asarray([each.values for each in findings.checks])
    check(written, rows, expected if prepared.manifest.classes else expected[:, 0])


def findings_of(store: Store, parameters: register.Parameters) -> Findings:
    """Read the evidence that evaluate kept."""
    return Findings.model_validate_json(store.get(parameters.evaluated.evidence))


def _params(recipe: Recipe) -> dict[str, str]:
    flat: dict[str, str] = {}

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for name, part in value.items():
                walk(f"{prefix}.{name}" if prefix else name, part)
        elif value is not None and value != []:
            flat[prefix] = str(value)[:500]

    walk("", recipe.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    return flat
