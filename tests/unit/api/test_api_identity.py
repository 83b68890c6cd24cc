from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError, create_model

from farandole.api import (
    RESULTS,
    Recipe,
    Training,
    canonical,
    digest_of,
    identity,
    read_model,
    recipe_core,
)
from farandole.api.paths import Loc, path_of
from tests.support.api_documents import (
    IMAGES,
    PIXELS,
    RICH,
    TABLE,
    altered,
    document,
    json_values,
    places,
    read,
    recipes,
    unhurried,
    value_at,
)

DATA = "d" * 64
LOCATIONS = {("data", "images"), ("data", "labels"), ("data", "table")}
OTHERS = {
    "training.compression": "float16",
    "task.kind": "TabularClassification",
    "data.columns.month.kind": "datetime",
    "features.table.impute": "median",
    "training.precision": "float32",
    "training.classWeights": "balanced",
    "evaluation.metric": "r2",
}


def of(recipe: Recipe | dict[str, Any]) -> str:
    return identity(Recipe.model_validate(recipe), DATA)


@unhurried
@given(recipes())
def test_writing_out_every_default_changes_no_identity(recipe: Recipe) -> None:
    assert of(recipe.to_json()) == of(recipe)


@unhurried
@given(recipes(), st.randoms(use_true_random=False))
def test_writing_out_some_defaults_changes_no_identity(recipe: Recipe, draw: Any) -> None:
    some = _some(recipe.to_json(), _sparse(recipe), draw)
    assert of(some) == of(recipe)


@unhurried
@given(recipes())
def test_writing_out_what_the_task_and_the_batch_imply_changes_no_identity(recipe: Recipe) -> None:
    content = _sparse(recipe)
    content.setdefault("training", {})
    content["training"] |= {
        "loss": recipe.loss.to_json(),
        "lanes": recipe.training.lane_count(),
    }
    content["evaluation"] = {"metric": recipe.metric, "baselines": ["linear", "dummy"]}
    assert of(content) == of(recipe)


@unhurried
@given(recipes(), st.randoms(use_true_random=False))
def test_reordering_keys_changes_no_identity(recipe: Recipe, draw: Any) -> None:
    assert of(_shuffled(recipe.to_json(), draw)) == of(recipe)


@pytest.mark.parametrize("one", ["1", "1.0", "1e0", "0x1", "+1", "10e-1"])
def test_one_number_written_in_other_ways_is_one_identity(one: str) -> None:
    def text(rate: str) -> str:
        recipe = altered(RICH, "training.optimizer", {"sgd": {"learningRate": "RATE"}})
        return json.dumps(document(recipe | {"tuning": {}})).replace('"RATE"', rate)

    def read_of(rate: str) -> str:
        return of(read_model(text(rate).replace('"tuning": {}, ', ""), "doc").spec.recipe)

    assert read_of(one) == read_of("1")
    assert read_of(one) != read_of("2")


@unhurried
@given(recipes())
def test_an_optional_field_that_is_added_to_the_schema_changes_no_identity(recipe: Recipe) -> None:
    training = create_model(
        "Training", __base__=Training, teacher=(str, ""), rounds=(int, Field(3))
    )
    grown = create_model("Recipe", __base__=Recipe, training=(training, training()))
    assert of_any(grown.model_validate(recipe.to_json())) == of(recipe)


def of_any(recipe: Recipe) -> str:
    return identity(recipe, DATA)


LEAVES: list[Loc] = [
    loc
    for loc in places(Recipe.model_validate(RICH).to_json())
    if not isinstance(value_at(Recipe.model_validate(RICH).to_json(), loc), dict | list)
]


@pytest.mark.parametrize("loc", LEAVES, ids=path_of)
def test_each_field_that_determines_the_result_changes_the_identity(loc: Loc) -> None:
    full = Recipe.model_validate(RICH).to_json()
    changed = [_with(full, loc, value) for value in _others(loc, value_at(full, loc))]
    valid = [recipe for recipe in map(_valid, changed) if recipe is not None]
    assert valid or loc in ONLY_WITH_OTHERS, "no other value was accepted"
    for recipe in valid:
        assert (of(recipe) == of(RICH)) == (loc in LOCATIONS)


ONLY_WITH_OTHERS = {
    *(("data", "split", "fractions", name) for name in ("train", "validation", "test")),
    *(("evaluation", "baselines", index) for index in (0, 1)),
    ("features", "layer"),
    ("network", "augment", "flip"),
}


def test_augmented_pixels_are_another_identity() -> None:
    assert of(altered(PIXELS, "network.augment.flip", True)) != of(PIXELS)


def test_other_fractions_are_another_identity() -> None:
    fractions = {"train": 0.5, "validation": 0.25, "test": 0.25}
    assert of(altered(RICH, "data.split.fractions", fractions)) != of(RICH)


@pytest.mark.parametrize(
    "path, value",
    [
        ("task.kind", "TabularClassification"),
        ("data.columns.month", {"kind": "ignore"}),
        ("data.columns.day", {"kind": "numeric"}),
        ("data.split.given", {"column": "part"}),
        ("network.layers", []),
        ("network.builder", "nets:build"),
        ("training.loss", {"meanAbsoluteError": {}}),
        ("training.optimizer", {"adam": {"learningRate": 0.05}}),
        ("training.schedule", {"cosine": {"warmupEpochs": 1}}),
        ("training.clipNorm", 2),
        ("tuning", {"random": {}, "space": RICH["tuning"]["space"]}),
    ],
)
def test_another_part_is_another_identity(path: str, value: Any) -> None:
    changed = altered(RICH, path, value)
    changed["data"]["split"].pop("group" if "given" in path else "", None)
    if path == "network.builder":
        changed["network"].pop("layers")
    assert of(changed) != of(RICH)


@pytest.mark.parametrize("recipe", [IMAGES, TABLE, PIXELS])
def test_the_location_of_the_data_is_no_part_of_the_identity(recipe: dict[str, Any]) -> None:
    name = "table" if "table" in recipe["data"] else "images"
    assert of(altered(recipe, f"data.{name}", "s3://elsewhere/x")) == of(recipe)


def test_labels_may_lie_elsewhere_too() -> None:
    here, there = (altered(IMAGES, "data.labels", place) for place in ("a.csv", "s3://b/c.csv"))
    assert of(here) == of(there)


def test_a_weights_file_is_known_by_its_checksum_or_else_by_its_location() -> None:
    def weights(uri: str, **sha256: str) -> str:
        return of(altered(IMAGES, "features.weights", {"file": {"uri": uri, **sha256}}))

    assert weights("a.h5", sha256="0" * 64) == weights("s3://b/c.h5", sha256="0" * 64)
    assert weights("a.h5", sha256="0" * 64) != weights("a.h5", sha256="1" * 64)
    assert weights("a.h5") != weights("b.h5")


def test_data_builder_and_results_are_part_of_the_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe.model_validate(IMAGES)
    seen = {identity(recipe, "a"), identity(recipe, "b"), identity(recipe, "a", "builder")}
    monkeypatch.setattr(import_module("farandole.api.identity"), "RESULTS", RESULTS + 1)
    assert len(seen | {identity(recipe, "a")}) == 4


def test_placement_promotion_and_name_are_no_part_of_the_identity() -> None:
    placement = {"workers": 8, "pricePerWorkerHour": {"amount": 2.5, "currency": "EUR"}}
    moved = document(IMAGES, placement=placement, promotion={"alias": "best"})
    moved["metadata"]["name"] = "other"
    assert of(read(moved).spec.recipe) == of(read(document(IMAGES)).spec.recipe)


def test_the_identities_of_known_recipes_stay_what_they_are() -> None:
    """Another value here trains everything again, everywhere: raise RESULTS only on purpose."""
    assert recipe_core(Recipe.model_validate(IMAGES)) == {
        "task": {"kind": "ImageClassification"},
        "data": {},
        "features": {"network": "EfficientNetLite0"},
    }
    known = {name: of(recipe)[:16] for name, recipe in (("images", IMAGES), ("rich", RICH))}
    assert known == {"images": "b76b5ecc68b9338c", "rich": "242e73b3d42ae3ec"}


@unhurried
@given(json_values)
def test_canonical_json_is_a_fixed_point(value: Any) -> None:
    assert canonical(json.loads(canonical(value))) == canonical(value)


@unhurried
@given(json_values, json_values)
def test_canonical_json_tells_values_apart(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) == (_typed(one) == _typed(other))


@pytest.mark.parametrize(
    "value, written",
    [
        ({"b": 1.0, "a": [1e0, -0.0, 0.1]}, b'{"a":[1,0,0.1],"b":1}'),
        ((True, None, "\u00e9\u2028"), '[true,null,"\u00e9\u2028"]'.encode()),
        (1e21, b"1000000000000000000000"),
        (2**53 + 1, b"9007199254740993"),
        (1e-7, b"1e-07"),
    ],
)
def test_canonical_json_has_one_form(value: Any, written: bytes) -> None:
    assert canonical(value) == written


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {1: "a"}, "\ud800"])
def test_what_is_no_json_has_no_canonical_form(value: Any) -> None:
    with pytest.raises(ValueError):
        canonical(value)


def test_a_digest_is_the_sha256_of_the_canonical_form() -> None:
    assert digest_of({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def _sparse(recipe: Recipe) -> dict[str, Any]:
    return recipe.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _some(full: Any, sparse: Any, draw: Any) -> Any:
    """Take what is written, and of the defaults those that the draw says."""
    if not isinstance(sparse, dict):
        return full
    written = {key: _some(full[key], item, draw) for key, item in sparse.items()}
    return {key: item for key, item in full.items() if draw.random() < 0.5} | written


def _shuffled(value: Any, draw: Any) -> Any:
    if not isinstance(value, dict):
        return value
    items = [(key, _shuffled(item, draw)) for key, item in value.items()]
    draw.shuffle(items)
    return dict(items)


def _with(content: dict[str, Any], loc: Loc, value: Any) -> dict[str, Any]:
    return altered(content, path_of(loc), value)


def _others(loc: Loc, value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value * 2, value + 1, value - 1, value // 2]
    if isinstance(value, float):
        return [value * 2, value + 1, value / 4]
    return [OTHERS.get(path_of(loc), f"{value}x")]


def _valid(content: dict[str, Any]) -> Recipe | None:
    try:
        return Recipe.model_validate(content)
    except ValidationError:
        return None


def _typed(value: Any) -> Any:
    """Give a value in which True and 1 differ, and 1 and 1.0 do not."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return (isinstance(value, bool), value)
