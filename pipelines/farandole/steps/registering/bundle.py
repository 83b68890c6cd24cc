"""What goes into the registered artifact: network, encoders, labels, statistics, lineage."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from farandole.api import Recipe
from farandole.data import decode, encoder
from farandole.data.arrays import describe_arrays
from farandole.data.prepare import Prepared
from farandole.data.row import Row
from farandole.data.store import Store
from farandole.networks.export import export
from farandole.networks.pretrained import featurizer
from farandole.registry.artifact import Bundle, ImageSize
from farandole.registry.lineage import Lineage, SplitRows
from farandole.registry.surroundings import git_commit, library_versions
from farandole.steps import register
from farandole.steps.fitting.learning import Assignment, with_scale
from farandole.steps.fitting.trained_model import load_fit
from farandole.steps.rows.arrays import SPLITS, target_transform
from farandole.steps.rows.dataset import Dataset, open_dataset
from farandole.steps.rows.raw_rows import columns_of
from farandole.steps.rows.train_statistics import train_statistics
from farandole.steps.rows.weights import weights_reader


def bundle_of(
    parameters: register.Parameters,
    store: Store,
    prepared: Prepared,
    threshold: float | None,
    folder: Path,
) -> Bundle:
    """Export the network into `folder` and name all that goes into the artifact."""
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
        threshold=threshold,
        statistics=train_statistics(prepared, _features(train, description)),
        lineage=lineage_of(parameters, {split: prepared.rows(split) for split in SPLITS}),
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


def lineage_of(parameters: register.Parameters, rows: Mapping[str, Sequence[Row]]) -> Lineage:
    """Say what led to the model; `rows` by split."""
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
