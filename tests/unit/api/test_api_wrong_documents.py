"""One thing wrong, one problem: at its path, with what came, what was expected, what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from farandole.api import Problem
from tests.support.api_documents import (
    IMAGES,
    PIXELS,
    RICH,
    TABLE,
    altered,
    document,
    problems_of,
    without,
)

R = "spec.recipe"
SPACE = {"space": [{"parameter": "training.epochs", "integer": {"low": 1, "high": 2}}]}
HEAD = altered(IMAGES, "network.layers", [{"dense": {"units": 8}}, {"dropout": {"rate": 0.5}}])
SGD = altered(IMAGES, "training.optimizer", {"sgd": {}})
LABELLED = altered(IMAGES, "data.labels", "labels.csv")


def said(problem: Problem) -> str:
    return str(replace(problem, line=None))


def only_problem(recipe: dict[str, Any], path: str, value: Any) -> Problem:
    (problem,) = problems_of(altered(document(recipe), path, value))
    return problem


@pytest.mark.parametrize(
    "path, value, told",
    [
        ("metadata.name", "Stamps", "small letters, digits and '-'"),
        ("metadata.name", "a" * 64, "at most 63 characters"),
        ("metadata.name", 5, "write it in quotes"),
        ("metadata.labels", {"a b": "c"}, "optional prefix/"),
        ("metadata.labels", {"a": "c d"}, "'-', '_' and '.'"),
        ("metadata.owner", "me", "one of name, namespace, labels, annotations"),
        ("apiVersion", "farandole.dev/v1", "farandole.dev/v1alpha1"),
        ("kind", "model", 'received "model"; did you mean Model?'),
        ("spec.status", {}, "an unknown field"),
        (f"{R}.task.kind", "imageClassification", "did you mean ImageClassification?"),
        (f"{R}.task.kind", "RatingPrediction", "RatingPrediction, which is not yet served"),
        (f"{R}.task", "ImageClassification", "write {kind: ImageClassification}"),
        (f"{R}.data.images", 3, "write it in quotes"),
        (f"{R}.data.images", "", "at least 1 characters"),
        (f"{R}.data.images", "gs://bucket/stamps", "s3://bucket/prefix"),
        (f"{R}.data.ratings", {}, "ratings, which is not yet served"),
        (f"{R}.data.limits.undecodable", 1, "a number >= 0 and < 1, received 1"),
        (f"{R}.data.limits.nearDuplicates", 17, "a whole number from 0 to 16"),
        (f"{R}.data.split.seed", -1, "from 0 to 2147483647"),
        (f"{R}.data.split.seed", 2**31, "from 0 to 2147483647"),
        (f"{R}.data.split.seed", 1.5, "a whole number"),
        (f"{R}.data.split.seed", "7", "leave out the quotes"),
        (f"{R}.data.split.seed", True, "received true"),
        (f"{R}.features.network", "efficientnetlite0", "did you mean EfficientNetLite0?"),
        (f"{R}.features.layer", "top", "pooled"),
        (f"{R}.features.augment.flip", "true", "leave out the quotes"),
        (f"{R}.features.augment.flip", 1, "true or false, received 1"),
        (f"{R}.features.weights", "random", "write {random: {}}"),
        (f"{R}.features.weights", {"file": {"uri": "a", "sha256": "x"}}, "64 hexadecimal digits"),
        (f"{R}.network.layers", {"dense": {"units": 3}}, "each behind '- '"),
        (f"{R}.network.layers", ["flatten"], "write {flatten: {}}"),
        (f"{R}.network.layers", [{"dense": {}}], "layers[0].dense.units"),
        (f"{R}.network.layers", [{"dense": {"units": 0}}], "from 1 to 65536, received 0"),
        (f"{R}.network.layers", [{"dens": {"units": 3}}], "did you mean dense?"),
        (f"{R}.network.layers", [{"flatten": {}, "dropout": {"rate": 0.1}}], "flatten and dropout"),
        (f"{R}.network.layers", [{}], "received none of them"),
        (f"{R}.network.builder", "nets", "module:function"),
        (f"{R}.training.global_batch", 32, "did you mean globalBatch?"),
        (f"{R}.training.batchSize", 32, "one of globalBatch"),
        (f"{R}.epochs", 3, "epochs belongs in spec.recipe.training"),
        (f"{R}.training.workers", 3, "workers belongs in spec.placement"),
        (f"{R}.training.lanes", 48, "a divisor of globalBatch 64, received 48; take 32 or 64"),
        (f"{R}.training.lanes", 100, "take 64"),
        (f"{R}.training.microBatches", 0, "a whole number from 1 to 4096"),
        (f"{R}.training.compression", "fp16", "one of none, float16, bfloat16"),
        (f"{R}.training.precision", "MIXED_BFLOAT16", "did you mean mixedBfloat16?"),
        (f"{R}.training.precision", "half", "one of float32, mixedBfloat16, mixedFloat16"),
        (f"{R}.training.optimizer", {"sgd": {}, "adam": {}}, "one of sgd, rmsprop, adam, adamw"),
        (f"{R}.training.optimizer", {"sgd": {}, "adam": {}}, "received both sgd and adam"),
        (f"{R}.training.optimizer", "adam", "write {adam: {}}"),
        (f"{R}.training.optimizer", {"lion": {}}, "one of sgd, rmsprop, adam, adamw"),
        (f"{R}.training.optimizer", {"sgd": {"lr": 1}}, "one of learningRate, momentum, nesterov"),
        (f"{R}.training.optimizer", {"sgd": {"learningRate": 0}}, "a number > 0 and <= 100"),
        (f"{R}.training.optimizer", {"sgd": {"nesterov": True}}, "momentum > 0"),
        (
            f"{R}.training.schedule",
            {"piecewise": {"boundaries": [2, 1], "values": [1, 1, 1]}},
            "grow",
        ),
        (
            f"{R}.training.schedule",
            {"piecewise": {"boundaries": [2], "values": [1, 1, 1]}},
            "2 values",
        ),
        (
            f"{R}.training.schedule",
            {"piecewise": {"boundaries": [], "values": [1, 1]}},
            "at least 1",
        ),
        (f"{R}.training.earlyStopping", None, "leave the line out for its default"),
        (f"{R}.training.clipNorm", 0, "a number > 0"),
        (f"{R}.evaluation.baselines", ["dummy"], "dummy and linear, each once, received dummy"),
        (f"{R}.evaluation.baselines", [], "received none"),
        (f"{R}.tuning", {"tpe": {}, "asha": {}, **SPACE}, "asha, which is not yet served"),
        ("spec.placement.workers", 65, "at most 64, the lanes"),
        ("spec.placement.elastic", {"min": 1, "max": 128}, "at most 64, the lanes"),
        ("spec.placement.elastic", {"min": 2, "max": 1}, "min <= max"),
        ("spec.placement.elastic", {"min": 2, "max": 4}, "2 to 4, as elastic says"),
        ("spec.placement.template", {"env": []}, "template, which is not yet served"),
        ("spec.placement.nodePool", "A 100", "small letters"),
        ("spec.placement.pricePerWorkerHour.amount", -1.0, "from 0"),
        ("spec.placement.pricePerWorkerHour", {"amount": 1, "currency": "€"}, "as in EUR"),
        ("spec.promotion.alias", "latest", "other than latest"),
        ("spec.promotion.alias", "v2", "other than latest"),
        ("spec.promotion.registeredModel", "a/b", "any characters but / and :"),
        ("spec.promotion.gate", {"confidence": 1}, ">= 0.5 and < 1"),
        ("spec.retrain.overlap", "Replace", "write {recipe: Replace}"),
        ("spec.retrain.triggers", ["Data", "Data"], "every trigger once"),
        ("spec.retrain.triggers", ["data"], "did you mean Data?"),
        ("spec.retrain.schedule", {"cron": "0 3 * *"}, "it has 4 fields"),
        ("spec.retrain.schedule", {"cron": "0 24 * * 1"}, '"24" is no hour between 0 and 23'),
        ("spec.retrain.schedule", {"cron": "0 3 * * mon-sun/0"}, "no weekday"),
        ("spec.retrain.schedule", {"cron": "@daily"}, "five fields"),
        ("spec.retrain.schedule", {"cron": "0 3 * * 1", "timeZone": "utc"}, "Europe/Berlin"),
        ("spec.runner", "job", "did you mean Job?"),
    ],
)
def test_a_wrong_field_is_one_problem_with_advice(path: str, value: Any, told: str) -> None:
    problem = only_problem(IMAGES, path, value)
    assert problem.path.startswith(path.rsplit(".", 1)[0])
    assert told in said(problem)


@pytest.mark.parametrize(
    "recipe, path, value, told",
    [
        (TABLE, "data.target", {"column": "price", "transform": {"exp": {}}}, "one of log, none"),
        (TABLE, "data.columns", {"a": {"kind": "number"}}, "one of numeric, categorical"),
        (TABLE, "data.columns", {"a": "numeric"}, "write {kind: numeric}"),
        (
            TABLE,
            "data.split.dates",
            {"column": "d", "validationFrom": "2024-01-01", "testFrom": "x"},
            "a day such as 2024-01-31",
        ),
        (TABLE, "data.split", {"group": "a", "given": {"column": "b"}}, "both group and given"),
        (TABLE, "data.split.fractions", {"train": 0.8}, "0.8 + 0.15 + 0.15 = 1.1"),
        (TABLE, "data.split.fractions", {"train": 1}, "a number > 0 and < 1"),
        (TABLE, "data.split.given", {}, "exactly one of column, folders"),
        (PIXELS, "data.split.given", {"folders": {"train": "a", "test": "a"}}, "another folder"),
        (PIXELS, "data.split.given", {"folders": {"train": "../a"}}, "inside data.images"),
        (PIXELS, "network.image.channels", 4, "one of 1, 3"),
        (PIXELS, "network.image.height", 0, "from 1 to 4096"),
        (PIXELS, "network.builder", "nets:build", "both builder and layers"),
        (HEAD, "network.augment.flip", True, "features.augment"),
    ],
)
def test_a_wrong_part_is_one_problem(
    recipe: dict[str, Any], path: str, value: Any, told: str
) -> None:
    problem = only_problem(recipe, f"{R}.{path}", value)
    assert problem.path.startswith(f"{R}.{path}") or problem.path == f"{R}.network"
    assert told in said(problem)


@pytest.mark.parametrize(
    "recipe, path, value, told",
    [
        (IMAGES, "data.table", "a.csv", "data.table: expected nothing: it belongs to tables"),
        (IMAGES, "data.target", {"column": "a"}, "data.target: expected nothing"),
        (IMAGES, "data.columns", {"a": {"kind": "ignore"}}, "data.columns: expected nothing"),
        (IMAGES, "data.split.group", "owner", "data.labels, the CSV that has this column"),
        (IMAGES, "data.split.given", {"column": "part"}, "data.labels"),
        (
            LABELLED,
            "data.split.dates",
            {"column": "d", "validationFrom": "2024-01-01", "testFrom": "2024-02-01"},
            "fractions, group or given",
        ),
        (IMAGES, "features.table", {"impute": "mean"}, "features.table: expected nothing"),
        (IMAGES, "network.image", {"height": 8, "width": 8}, "exactly one of features.network"),
        (
            PIXELS,
            "features.augment",
            {"flip": True},
            "for a network from pixels say network.augment",
        ),
        (PIXELS, "features.weights", {"random": {}}, "the network learns from pixels"),
        (IMAGES, "training.loss", {"huber": {}}, "crossEntropy for ImageClassification"),
        (
            TABLE,
            "training.loss",
            {"crossEntropy": {}},
            "one of meanSquaredError, meanAbsoluteError",
        ),
        (TABLE, "training.classWeights", "balanced", "none for TabularRegression"),
        (IMAGES, "evaluation.metric", "rmse", "one of balancedAccuracy, accuracy"),
        (TABLE, "evaluation.metric", "rocAuc", "one of rmse, mae, r2"),
        (TABLE, "features.network", "VGG16", "it belongs to images"),
        (TABLE, "data.images", "stamps", "TabularRegression reads data.table"),
        (TABLE, "data.weight", "price", "another column than data.target.column"),
        (TABLE, "data.split.group", "price", "another column than data.target.column"),
        (TABLE, "data.columns", {"price": {"kind": "ignore"}}, "a column that is read"),
        (TABLE, "data.split.given", {"folders": {}}, "given.column for a table"),
        (RICH, "task.kind", "ImageClassification", "data.images: expected a folder"),
    ],
)
def test_parts_must_fit_the_task(recipe: dict[str, Any], path: str, value: Any, told: str) -> None:
    problems = problems_of(altered(document(recipe), f"{R}.{path}", value))
    assert len(problems) == 1 or recipe is RICH
    assert told in "\n".join(map(said, problems))


@pytest.mark.parametrize(
    "recipe, path, told",
    [
        (IMAGES, "data.images", "data.images: expected a folder for ImageClassification"),
        (IMAGES, "features", "network.image for a network from pixels"),
        (IMAGES, "data", "spec.recipe.data: expected a map of images"),
        (IMAGES, "task", "spec.recipe.task: expected a map of kind, received nothing"),
        (TABLE, "data.table", "data.table: expected a CSV or Parquet file"),
        (TABLE, "data.target", "write target: {column: ...}"),
        (PIXELS, "network.image.width", "network.image.width: expected a whole number"),
    ],
)
def test_what_is_missing_is_named(recipe: dict[str, Any], path: str, told: str) -> None:
    problems = problems_of(document(without(recipe, path)))
    assert told in said(problems[0])


def test_a_class_has_no_logarithm() -> None:
    recipe = altered(TABLE, "data.target.transform", {"log": {}})
    (problem,) = problems_of(document(altered(recipe, "task.kind", "TabularClassification")))
    assert problem.path == "spec.recipe.data.target.transform"


LAYERS: list[tuple[list[Any], str]] = [
    (
        [{"conv2d": {"filters": 4}}],
        "layers[0]: expected conv2d on an image, received conv2d on a vector",
    ),
    ([{"globalAveragePooling": {}}], "globalAveragePooling on a vector"),
    ([{"dense": {"units": 4}}, {"embedding": {"inputs": 3, "units": 2}}], "embedding as first"),
    ([{"embedding": {"inputs": 3, "units": 2}}], "end with flatten"),
]


@pytest.mark.parametrize("layers, told", LAYERS)
def test_layers_of_a_head_must_take_vectors(layers: list[Any], told: str) -> None:
    assert told in said(only_problem(IMAGES, f"{R}.network.layers", layers))


CONV = {"conv2d": {"filters": 4}}
WIDE = {"conv2d": {"filters": 4, "kernel": 20, "padding": "valid"}}


@pytest.mark.parametrize(
    "layers, told",
    [
        ([CONV], "layers that end in 28 x 28 x 4"),
        ([], "layers that end in 28 x 28 x 1"),
        ([WIDE, WIDE, {"flatten": {}}], "layers[1]: expected at least 1 pixel after it"),
        (
            [{"maxPooling": {"size": 8}}] * 2 + [{"flatten": {}}],
            "maxPooling on 3 x 3 x 1, which leaves",
        ),
        ([{"flatten": {}}, CONV], "conv2d on a vector"),
        ([{"dense": {"units": 3}}], "28 x 28 x 3"),
        ([{"depthwiseConv2d": {"multiplier": 5, "strides": 3}}], "10 x 10 x 5"),
        ([{"separableConv2d": {"filters": 6, "strides": 2}}], "14 x 14 x 6"),
        ([{"averagePooling": {"size": 3, "strides": 2}}], "13 x 13 x 1"),
        ([{"dropout": {"rate": 0.5}}, {"batchNormalization": {}}], "28 x 28 x 1"),
    ],
)
def test_layers_from_pixels_must_end_in_a_vector(layers: list[Any], told: str) -> None:
    assert told in said(only_problem(PIXELS, f"{R}.network.layers", layers))


def space(parameter: str, **values: Any) -> dict[str, Any]:
    return {"tpe": {}, "space": [{"parameter": parameter, **values}]}


UNIFORM = {"uniform": {"low": 0.1, "high": 0.2}}
RATE = "training.optimizer.sgd.learningRate"


@pytest.mark.parametrize(
    "recipe, tuning, told",
    [
        (
            SGD,
            space("training.optimizer.adam.learningRate", **UNIFORM),
            "adam, which this document does not have",
        ),
        (
            SGD,
            space("training.optimizer.sgd.learningrate", **UNIFORM),
            "did you mean learningRate?",
        ),
        (
            SGD,
            space("training.optimizer.sgd", **UNIFORM),
            "go on with training.optimizer.sgd.learningRate",
        ),
        (SGD, space("training..epochs", **UNIFORM), "a path such as"),
        (SGD, space("epochs", **UNIFORM), "a path in training or network"),
        (SGD, space("features.augment.copies", integer={"low": 1, "high": 2}), "prepared once"),
        (SGD, space("training.seed", integer={"low": 1, "high": 2}), "not a luckier"),
        (SGD, space("training.epochs", **UNIFORM), "integer or choice: it is a whole number"),
        (SGD, space(RATE, uniform={"low": 0.2, "high": 0.1}), "low < high"),
        (SGD, space(RATE, logUniform={"low": 0, "high": 0.1}), "a number > 0"),
        (SGD, space(RATE, uniform={"low": 0, "high": 0.1}), "a number > 0 and <= 100, received 0"),
        (SGD, space(RATE, choice={"names": ["a", "b"]}), 'a number > 0 and <= 100, received "a"'),
        (SGD, space(RATE, choice={"numbers": [1, 1]}), "every value once"),
        (SGD, space(RATE, choice={"numbers": [1]}), "at least 2 items"),
        (SGD, space(RATE, choice={"values": [1, 2]}), "one of numbers, names"),
        (SGD, space(RATE), "received none of them"),
        (SGD, space(RATE, **UNIFORM, choice={"numbers": [1, 2]}), "both uniform and choice"),
        (SGD, {"space": space(RATE, **UNIFORM)["space"]}, "exactly one of random, tpe"),
        (SGD, {"tpe": {}, "space": space(RATE, **UNIFORM)["space"] * 2}, "every parameter once"),
        (SGD, {"tpe": {}, "space": []}, "at least 1 items"),
        (
            SGD,
            space("training.epochs", integer={"low": 1, "high": 10, "step": 4}),
            "high 9 would fit",
        ),
        (SGD, space("training.clipNorm", choice={"numbers": [0, 1]}), "a number > 0"),
        (SGD, space("training.globalBatch", choice={"numbers": [32, 33.5]}), "received 33.5"),
        (
            altered(SGD, "training.lanes", 16),
            space("training.globalBatch", choice={"numbers": [32, 40]}),
            "divisor of globalBatch 40",
        ),
        (
            HEAD,
            space("network.layers[2].dense.units", integer={"low": 1, "high": 2}),
            "an index below 2",
        ),
        (
            HEAD,
            space("network.layers[1].dense.units", integer={"low": 1, "high": 2}),
            "one of dropout",
        ),
        (
            HEAD,
            space("network.layers[1].dropout.rate", uniform={"low": 0, "high": 1}),
            "< 1, received 1",
        ),
    ],
)
def test_a_search_must_fit_the_recipe(
    recipe: dict[str, Any], tuning: dict[str, Any], told: str
) -> None:
    problem = only_problem(recipe, f"{R}.tuning", tuning)
    assert problem.path.startswith(f"{R}.tuning")
    assert told in said(problem)


def test_micro_batches_and_batch_normalization_do_not_go_together() -> None:
    recipe = altered(HEAD, "network.layers", [{"dense": {"units": 8}}, {"batchNormalization": {}}])
    problem = only_problem(recipe, f"{R}.training.microBatches", 2)
    assert problem.path == f"{R}.training.microBatches"
    assert "2 with batchNormalization in network.layers[1]" in said(problem)
    assert not problems_of(altered(document(HEAD), f"{R}.training.microBatches", 2))
