"""Whether data, features, training and evaluation fit the task."""

from __future__ import annotations

from collections.abc import Iterator

from farandole.api.checks.finding import Finding
from farandole.api.data import Data
from farandole.api.errors import Problem
from farandole.api.features import Augment, Features, TableFeatures
from farandole.api.recipe import Recipe, default_loss

_CLASSIFICATION_LOSSES = ("crossEntropy",)
_REGRESSION_LOSSES = ("meanSquaredError", "meanAbsoluteError", "huber")
_CLASSIFICATION_METRICS = ("balancedAccuracy", "accuracy", "logLoss", "rocAuc", "f1Macro")
_REGRESSION_METRICS = ("rmse", "mae", "r2")


def task_findings(recipe: Recipe) -> Iterator[Finding]:
    """Check the parts of a recipe against its task."""
    if recipe.task.kind == "ImageClassification":
        yield from _image_data(recipe.data)
        yield from _image_features(recipe)
    else:
        yield from _table_data(recipe)
        yield from _table_features(recipe)
    yield from _columns(recipe.data)
    yield from _loss(recipe)
    yield from _metric(recipe)


def _image_data(data: Data) -> Iterator[Finding]:
    if data.images is None:
        advice = "give a folder with one sub-folder per class"
        yield _finding("data.images", "nothing", "a folder for ImageClassification", advice)
    table = {"table": data.table, "target": data.target, "weight": data.weight}
    for name in (name for name, value in table.items() if value is not None):
        yield _finding(f"data.{name}", name, "nothing: it belongs to tables")
    if data.columns:
        yield _finding("data.columns", "columns", "nothing: it belongs to tables")
    if data.split.dates is not None:
        yield _finding("data.split.dates", "dates", "fractions, group or given for images")
    if data.labels is None:
        yield from _needs_labels(data)


def _needs_labels(data: Data) -> Iterator[Finding]:
    expected = "data.labels, the CSV that has this column"
    given = data.split.given
    if data.split.group is not None:
        yield _finding("data.split.group", data.split.group, expected, reads=("data.labels",))
    if given is not None and given.column is not None:
        yield _finding("data.split.given.column", given.column, expected, reads=("data.labels",))


def _table_data(recipe: Recipe) -> Iterator[Finding]:
    data, kind = recipe.data, recipe.task.kind
    if data.table is None:
        yield _finding("data.table", "nothing", f"a CSV or Parquet file for {kind}")
    if data.target is None:
        advice = "write target: {column: ...}"
        yield _finding("data.target", "nothing", f"the column to predict, for {kind}", advice)
    elif kind == "TabularClassification" and data.target.transform.log is not None:
        yield _finding("data.target.transform", "log", "none: classes have no logarithm")
    for name in ("images", "labels"):
        if getattr(data, name) is not None:
            yield _finding(f"data.{name}", name, f"nothing: {kind} reads data.table")
    if data.split.given is not None and data.split.given.folders is not None:
        yield _finding("data.split.given.folders", "folders", "given.column for a table")


def _columns(data: Data) -> Iterator[Finding]:
    """Refuse a column with two roles, and a target that is ignored."""
    roles: dict[str, str] = {}
    for path, column in _roles(data):
        if column in roles:
            expected = f"another column than {roles[column]}"
            yield _finding(path, f'"{column}"', expected, reads=(roles[column],))
        roles.setdefault(column, path)
    target = data.target and data.columns.get(data.target.column)
    if target and target.kind == "ignore":
        yield _finding("data.target.column", "a column of kind ignore", "a column that is read")


def _roles(data: Data) -> Iterator[tuple[str, str]]:
    split = data.split
    if data.target is not None:
        yield "data.target.column", data.target.column
    if data.weight is not None:
        yield "data.weight", data.weight
    if split.group is not None:
        yield "data.split.group", split.group
    if split.dates is not None:
        yield "data.split.dates.column", split.dates.column
    if split.given is not None and split.given.column is not None:
        yield "data.split.given.column", split.given.column


def _image_features(recipe: Recipe) -> Iterator[Finding]:
    features, image = recipe.features, recipe.network.image
    pair = ("features.network", "network.image")
    if features.network is None and image is None:
        advice = "write features: {network: EfficientNetLite0}, or network.image for a network "
        yield _finding(
            pair[0], "nothing", "a pretrained network", f"{advice}from pixels", (pair[1],)
        )
    if features.network is not None and image is not None:
        expected = "exactly one of features.network, network.image"
        yield _finding(pair[1], "both features.network and network.image", expected, "", (pair[0],))
    if features.table != TableFeatures():
        yield _finding("features.table", "table", "nothing: it belongs to tables")
    if features.network is None and image is not None:
        yield from _no_pretrained(features, "the network learns from pixels", pair)


def _table_features(recipe: Recipe) -> Iterator[Finding]:
    features = recipe.features
    if features.network is not None:
        yield _finding("features.network", features.network, "nothing: it belongs to images")
    if recipe.network.image is not None:
        yield _finding("network.image", "image", "nothing: it belongs to images")
    yield from _no_pretrained(features, "tables have no pretrained network", ())


def _no_pretrained(features: Features, why: str, reads: tuple[str, ...]) -> Iterator[Finding]:
    advice = "for a network from pixels say network.augment" if reads else ""
    if features.augment != Augment():
        yield _finding("features.augment", "augment", f"nothing: {why}", advice, reads)
    if features.weights != Features().weights:
        name, _ = features.weights.chosen()
        yield _finding("features.weights", name, f"nothing: {why}", "", reads)


def _loss(recipe: Recipe) -> Iterator[Finding]:
    training, kind = recipe.training, recipe.task.kind
    name, _ = recipe.loss.chosen()
    fitting = _CLASSIFICATION_LOSSES if recipe.task.is_classification else _REGRESSION_LOSSES
    if name not in fitting:
        usual, _ = default_loss(recipe.task).chosen()
        expected = f"one of {', '.join(fitting)}" if len(fitting) > 1 else fitting[0]
        yield _finding("training.loss", name, f"{expected} for {kind}", f"{usual} is the default")
    if training.class_weights != "none" and not recipe.task.is_classification:
        yield _finding("training.classWeights", training.class_weights, f"none for {kind}")


def _metric(recipe: Recipe) -> Iterator[Finding]:
    fitting = _CLASSIFICATION_METRICS if recipe.task.is_classification else _REGRESSION_METRICS
    if recipe.metric not in fitting:
        expected = f"one of {', '.join(fitting)} for {recipe.task.kind}"
        yield _finding("evaluation.metric", recipe.metric, expected)


def _finding(
    path: str, received: str, expected: str, advice: str = "", reads: tuple[str, ...] = ()
) -> Finding:
    return Finding(Problem(path, received, expected, advice), ("task.kind", *reads))
