"""The search for better parameters, with a training that costs nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from farandole.api import Recipe
from farandole.api.errors import RingError
from farandole.evaluation.predictions import HeldOut, Predictions
from farandole.steps.fitting.search import Found, Trial, search

RATE = "training.optimizer.adam.learningRate"
ROWS = 400


def recipe(trials: int = 6, batch: int = 2, kind: str = "tpe") -> Recipe:
    return Recipe.model_validate(
        {
            "task": {"kind": "TabularRegression"},
            "data": {"table": "t.csv", "target": {"column": "y"}},
            "tuning": {
                kind: {"trials": trials, "batch": batch, "seed": 3},
                "space": [{"parameter": RATE, "logUniform": {"low": 1e-4, "high": 1e-1}}],
            },
        }
    )


def held() -> HeldOut:
    y = np.random.default_rng(0).normal(size=ROWS)
    return HeldOut(y, tuple(map(str, range(ROWS))))


def rate_of(tried: Recipe) -> float:
    adam = tried.training.optimizer.adam
    assert adam is not None
    return adam.learning_rate


def worse_by(distance: Callable[[float], float]) -> Callable[[Recipe], Predictions]:
    noise = np.random.default_rng(1).normal(size=ROWS)

    def trained(tried: Recipe) -> Predictions:
        return Predictions(held().y.astype(np.float64) + distance(rate_of(tried)) * noise)

    return trained


def searched(
    trained: Callable[[Recipe], Predictions],
) -> tuple[Found, list[Trial]]:
    told: list[Trial] = []
    return search(recipe(), held(), trained, told.append, {}), told


def test_the_first_trial_is_the_documents_own_parameters() -> None:
    found, _ = searched(worse_by(lambda _: 1.0))
    assert found.trials[0].parameters == {}
    assert len(found.trials) == 6


def test_a_clearly_better_trial_is_chosen() -> None:
    found, _ = searched(worse_by(lambda rate: 0.01 if rate != 1e-3 else 1.0))
    assert found.chosen
    assert found.gain is not None
    assert found.gain.above_zero


def test_a_winner_that_chance_may_explain_leaves_the_documents_own_parameters() -> None:
    def trained(tried: Recipe) -> Predictions:
        noise = np.random.default_rng(int(rate_of(tried) * 1e9)).normal(size=ROWS)
        return Predictions(held().y.astype(np.float64) + noise)

    found, _ = searched(trained)
    assert found.chosen == {}
    assert "not distinguishable" in found.sentence


def test_a_failed_trial_is_recorded_and_never_the_best() -> None:
    def trained(tried: Recipe) -> Predictions:
        if rate_of(tried) != 1e-3:
            raise RingError("step 3: the loss is not finite")
        return Predictions(held().y.astype(np.float64) + 1.0)

    found, _ = searched(trained)
    assert found.chosen == {}
    assert {trial.failure for trial in found.trials[1:]} == {"step 3: the loss is not finite"}


def test_a_trial_that_predicts_nan_is_recorded_and_never_the_best() -> None:
    found, _ = searched(worse_by(lambda rate: 1.0 if rate == 1e-3 else float("nan")))
    assert found.chosen == {}
    assert all(trial.value is None for trial in found.trials[1:])


@pytest.mark.parametrize("kind", ["tpe", "random"])
def test_an_interrupted_search_goes_on_with_the_same_proposals(kind: str) -> None:
    trained = worse_by(lambda rate: abs(np.log10(rate) + 2))
    whole = search(recipe(kind=kind), held(), trained, lambda _: None, {})
    known = {trial.number: trial for trial in whole.trials[:3]}
    again: list[Trial] = []
    resumed = search(recipe(kind=kind), held(), trained, again.append, known)
    assert [trial.number for trial in again] == [3, 4, 5]
    assert resumed.trials == whole.trials
    assert resumed.chosen == whole.chosen
