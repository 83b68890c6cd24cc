from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farandole.api import DocumentError, Recipe, recipe_at
from tests.support.api_documents import IMAGES, PIXELS, RICH, TABLE, altered, unhurried

RATE = "training.optimizer.sgd.learningRate"


def rich() -> Recipe:
    return Recipe.model_validate(RICH)


@unhurried
@given(st.floats(1e-6, 100), st.integers(1, 1000))
def test_parameters_are_put_at_their_paths_and_nothing_else_changes(
    rate: float, units: int
) -> None:
    changed = recipe_at(rich(), {RATE: rate, "network.layers[0].dense.units": units})
    assert changed.training.optimizer.sgd
    assert changed.network.layers[0].dense
    assert changed.training.optimizer.sgd.learning_rate == rate
    assert changed.network.layers[0].dense.units == units
    again = recipe_at(changed, {RATE: 0.05, "network.layers[0].dense.units": 64})
    assert again == rich()


def test_no_parameters_give_the_same_recipe() -> None:
    assert recipe_at(rich(), {}) == rich()


def test_whole_floats_are_taken_for_whole_numbers() -> None:
    assert recipe_at(rich(), {"training.epochs": 3.0}).training.epochs == 3


def test_a_value_that_is_unset_can_be_set() -> None:
    recipe = Recipe.model_validate(IMAGES)
    assert recipe_at(recipe, {"training.clipNorm": 2}).training.clip_norm == 2.0


def test_a_default_can_be_changed() -> None:
    recipe = Recipe.model_validate(IMAGES)
    changed = recipe_at(recipe, {"training.optimizer.adam.learningRate": 0.5})
    assert changed.training.optimizer.chosen()[1].to_json()["learningRate"] == 0.5


@pytest.mark.parametrize(
    "recipe, parameters, told",
    [
        (RICH, {"training.optimizer.adam.learningRate": 1}, "adam, which this document does not"),
        (RICH, {"training.optimizer.sgd.rate": 1}, "sgd.rate: expected one of learningRate"),
        (RICH, {RATE: -1}, "a number > 0 and <= 100, received -1"),
        (RICH, {RATE: float("nan")}, "a finite number"),
        (RICH, {RATE: "fast"}, 'received "fast"'),
        (RICH, {"training.epochs": 2.5}, "a whole number"),
        (RICH, {"training.globalBatch": 33}, "lanes: expected a divisor of globalBatch 33"),
        (RICH, {"network.layers[7].dense.units": 3}, "an index below 3"),
        (RICH, {"network.layers.dense": 3}, "an index below 3"),
        (RICH, {"training": 3}, "the path of one value"),
        (RICH, {"training.loss": 3}, "the path of one value"),
        (RICH, {"": 3}, "a path such as"),
        (RICH, {"training.epochs.more": 3}, "a path that ends before it"),
        (RICH, {"task.kind": "TabularClassification"}, "crossEntropy for TabularClassification"),
        (PIXELS, {"network.image.height": 0}, "from 1 to 4096"),
        (TABLE, {"evaluation.metric": "rocAuc"}, "one of rmse, mae, r2"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_with_its_path(
    recipe: dict[str, Any], parameters: dict[str, Any], told: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        recipe_at(Recipe.model_validate(recipe), parameters)
    assert told in str(caught.value)


def test_all_wrong_paths_are_told_at_once() -> None:
    with pytest.raises(DocumentError) as caught:
        recipe_at(rich(), {"training.epoch": 1, "training.optimizer.adam.learningRate": 1})
    assert len(caught.value.problems) == 2
    assert "did you mean epochs?" in str(caught.value)


def test_a_network_that_shrinks_to_nothing_is_refused() -> None:
    pooled = [{"maxPooling": {"size": 4}}, {"maxPooling": {"size": 4}}, {"flatten": {}}]
    recipe = Recipe.model_validate(altered(PIXELS, "network.layers", pooled))
    with pytest.raises(DocumentError, match="maxPooling on 3 x 3 x 1, which leaves nothing"):
        recipe_at(recipe, {"network.layers[0].maxPooling.size": 8})
