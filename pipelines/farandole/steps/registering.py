"""From a trained network to a registered version: bundle, check, register, promote."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np

from farandole.api import Model, Recipe
from farandole.api.progress import Progress
from farandole.data import decode, encoder
from farandole.data.arrays import describe_arrays
from farandole.data.prepare import Prepared, open_prepared
from farandole.data.store import Store
from farandole.networks.export import export
from farandole.networks.pretrained import featurizer
from farandole.registry import artifact
from farandole.registry.artifact import Bundle, ImageSize
from farandole.registry.lineage import Lineage, SplitRows
from farandole.registry.surroundings import git_commit, library_versions
from farandole.registry.tracking import Tracker, Version, open_tracker
from farandole.registry.verify import check
from farandole.steps import register
from farandole.steps.arrays import SPLITS, target_transform
from farandole.steps.curves import finals, points
from farandole.steps.dataset import Dataset, open_dataset
from farandole.steps.findings import Findings
from farandole.steps.learning import Assignment, with_scale
from farandole.steps.raw_rows import columns_of, raw_rows
from farandole.steps.train_statistics import train_statistics
from farandole.steps.trained_model import load_fit
from farandole.steps.weights import weights_reader


def register_version(
    parameters: register.Parameters, store: Store, progress: Progress
) -> Version | None:
    """Return the one version of this identity, made or found; None where predictions are NaN.

    Before it is registered the artifact is loaded again, and must answer 32 raw test rows as
    evaluation recorded.
    """
    if parameters.evaluated.decision.verdict == "NotFinite":
        return None
    model, identity = parameters.model(), parameters.prepared.identity
    tracker = open_tracker(parameters.place.tracking)
    version = tracker.version_of(model.registered_model, identity)
    if version is None:
        version = _register(tracker, model, parameters, store, progress)
    if parameters.evaluated.decision.promote:
        tracker.promote(version, model.spec.promotion.alias, owner(model))
    progress.update("registered", 1, 1, "versions")
    return version


def owner(model: Model) -> str:
    """Name the document that a registered model belongs to."""
    return f"{model.metadata.namespace or 'local'}/{model.metadata.name}"


def _register(
    tracker: Tracker,
    model: Model,
    parameters: register.Parameters,
    store: Store,
    progress: Progress,
) -> Version:
    folder = parameters.place.work_folder(f"artifact-{parameters.prepared.identity[:16]}")
    prepared = open_prepared(store, parameters.prepared.prefix)
    findings = findings_of(store, parameters)
    bundle = _bundle(parameters, store, prepared, findings, folder)
    written = artifact.write(folder / "model", bundle)
    progress.update("artifact written and loaded", 1, 2, "checks")
    _check(written, prepared, findings)
    progress.update("artifact written and loaded", 2, 2, "checks")
    lineage = bundle.lineage
    run = tracker.run(lineage.identity, model.metadata.name, lineage.tags())
    run.log_params(_params(parameters.recipe_tuned()))
    trained = parameters.trained
    run.log_metrics(
        [*points(trained.history), *finals(parameters.evaluated.metrics, trained.steps)]
    )
    tags = {**lineage.tags(), "gate.verdict": parameters.evaluated.decision.verdict}
    version = tracker.register(
        model.registered_model, lineage.identity, written, tags, owner(model)
    )
    shutil.rmtree(folder, ignore_errors=True)
    return version


def _check(written: Path, prepared: Prepared, findings: Findings) -> None:
    rows = raw_rows(prepared, "test", [each.position for each in findings.checks])
    expected = np.asarray([each.values for each in findings.checks])
    check(written, rows, expected if prepared.manifest.classes else expected[:, 0])


def _bundle(
    parameters: register.Parameters,
    store: Store,
    prepared: Prepared,
    findings: Findings,
    folder: Path,
) -> Bundle:
    recipe = parameters.recipe_tuned()
    arrays = parameters.featurized.arrays
    train = open_dataset(store, arrays, prepared, recipe, "train")
    validation = open_dataset(store, arrays, prepared, recipe, "validation")
    classes = prepared.manifest.classes
    assignment = Assignment(recipe, classes, Path(parameters.place.folder))
    fitted = load_fit(store, parameters.trained.model, assignment, train, validation)
    description = describe_arrays(store, arrays) or {}
    head = with_scale(fitted.problem, fitted.model)
    export(folder / "network", _body(recipe, description, parameters), head, fitted.problem.output)
    return Bundle(
        kind="images" if prepared.manifest.kind == "images" else "table",
        task=recipe.task.kind,
        metric=recipe.metric,
        network=folder / "network",
        classes=classes,
        threshold=findings.threshold,
        statistics=train_statistics(prepared, _features(train, description)),
        lineage=_lineage(parameters, prepared),
        **(
            _pictures(description, recipe, prepared)
            if prepared.manifest.kind == "images"
            else _columns(description, recipe, prepared)
        ),
    )


def _body(
    recipe: Recipe, description: dict[str, Any], parameters: register.Parameters
) -> keras.Model | None:
    if description["kind"] != "features":
        return None
    features = recipe.features
    read = weights_reader(parameters.place)
    return featurizer(str(features.network), features.layer, features.weights, read).model


def _features(train: Dataset, description: dict[str, Any]) -> Any:
    return train.x[0] if description["kind"] == "features" else None


def _pictures(description: dict[str, Any], recipe: Recipe, prepared: Prepared) -> dict[str, Any]:
    size = {name: description[name] for name in ("height", "width", "channels")}
    return {
        "image": ImageSize(**size, pixels=recipe.data.limits.pixels),
        "decode": Path(decode.__file__),
        "example": prepared.content("train", 0),
    }


def _columns(description: dict[str, Any], recipe: Recipe, prepared: Prepared) -> dict[str, Any]:
    names = tuple(columns_of(prepared))
    example = json.loads(prepared.table("train").iloc[:1][list(names)].to_json(orient="records"))[0]
    return {
        "columns": names,
        "encoder": description["encoder"],
        "target": None if prepared.manifest.classes else target_transform(recipe).to_json(),
        "encoding": Path(encoder.__file__),
        "example": example,
    }


def _lineage(parameters: register.Parameters, prepared: Prepared) -> Lineage:
    rows = {split: prepared.rows(split) for split in SPLITS}
    return Lineage(
        identity=parameters.prepared.identity,
        data_digest=parameters.prepared.data_digest,
        document=json.loads(parameters.document),
        git_commit=git_commit(Path(parameters.place.folder)),
        versions=library_versions(),
        rows={
            split: SplitRows(
                digests=tuple(row.digest for row in held), paths=tuple(row.path for row in held)
            )
            for split, held in rows.items()
        },
    )


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
