from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from farandole.api import Adam, EarlyStopping, Model, Optimizer, Recipe, Sgd, Training, Weights
from farandole.api.cron import cron_problem
from farandole.api.paths import loc_of, path_of
from tests.support.api_documents import IMAGES, TABLE, document, read, unhurried


@unhurried
@given(st.integers(1, 4096))
def test_the_lanes_are_the_largest_divisor_of_the_batch_up_to_64(batch: int) -> None:
    lanes = Training(global_batch=batch).lane_count()
    assert batch % lanes == 0
    assert not [n for n in range(lanes + 1, 65) if batch % n == 0]


def test_declared_lanes_are_taken() -> None:
    assert Training(global_batch=64, lanes=2).lane_count() == 2


def test_no_patience_means_no_early_stopping() -> None:
    assert Training(early_stopping=EarlyStopping(patience=0)).patience() is None
    assert Training().patience() == 5


def test_a_union_gives_the_branch_that_is_set() -> None:
    assert Optimizer(sgd=Sgd()).chosen() == ("sgd", Sgd())
    assert Training().optimizer.chosen() == ("adam", Adam())


def test_a_union_in_python_is_refused_like_one_in_yaml() -> None:
    with pytest.raises(ValidationError, match="exactly one of imagenet, random, file"):
        Weights()


def test_documents_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Training().epochs = 3  # type: ignore[misc]  # the test is that this fails


def test_the_metric_and_the_loss_follow_the_task() -> None:
    images, table = Recipe.model_validate(IMAGES), Recipe.model_validate(TABLE)
    assert (images.metric, table.metric) == ("balancedAccuracy", "rmse")
    assert images.loss.chosen()[0] == "crossEntropy"
    assert table.loss.chosen()[0] == "meanSquaredError"


def test_what_one_machine_does_not_use_is_named() -> None:
    placement = {"workers": 2, "nodePool": "a100", "gpusPerWorker": 1}
    model = read(document(IMAGES, placement=placement, retrain={"triggers": ["Data"]}))
    assert model.spec.only_on_a_cluster() == (
        "placement.gpusPerWorker",
        "placement.nodePool",
        "retrain",
    )


def test_a_model_is_registered_under_its_own_name_or_the_one_it_asks_for() -> None:
    promotion = {"registeredModel": "team.stamps"}
    assert read(document(IMAGES)).registered_model == "stamps"
    assert read(document(IMAGES, promotion=promotion)).registered_model == "team.stamps"


def test_a_model_goes_through_json_and_back() -> None:
    model = read(document(TABLE))
    assert Model.model_validate(model.to_json()) == model


@pytest.mark.parametrize(
    "cron",
    ["0 3 * * 1", "*/15 * * * *", "0 0-6/2 1,15 jan-jun MON-fri", "59 23 31 12 7", "0 0 1 * 0"],
)
def test_a_schedule_of_five_fields_is_accepted(cron: str) -> None:
    assert cron_problem(cron) is None


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "* * * *",
        "60 * * * *",
        "* * 0 * *",
        "* * * 13 *",
        "5-1 * * * *",
        "*/0 * * * *",
        "a * * * *",
        "*-3 * * * *",
        "1,, * * * *",
    ],
)
def test_another_schedule_is_refused(cron: str) -> None:
    assert cron_problem(cron)


@unhurried
@given(st.lists(st.integers(0, 99) | st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True)))
def test_a_path_leads_back_to_its_place(loc: list[int | str]) -> None:
    assert loc_of(path_of(tuple(loc))) == tuple(loc)
