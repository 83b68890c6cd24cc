"""Rings of threads: the result depends on neither kills nor the number of ranks."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import pytest

from farandole.api.errors import DataError
from farandole.ring.collective import Collective
from farandole.ring.learner import Fitted, Learner, Settings
from farandole.ring.stores import MemoryStore, Store
from farandole.ring.threads import Threads
from farandole.ring.training import fit
from tests.support.ring_learning import (
    CLASSES,
    Ticks,
    dense,
    distance,
    head,
    learner,
    rows,
    same_bits,
    weights,
)

TRAIN, HELD = rows(150), rows(50, copies=1, seed=1)
HUNDRED = Settings(
    global_batch=16, lanes=8, epochs=10, checkpoint_seconds=7, digest_every=20, identity="exact"
)
Ended = tuple[Fitted, Mapping[str, Any]]


def train(
    ranks: int,
    optimizer: str,
    store: Store | None = None,
    killed_at: int | None = None,
    settings: Settings = HUNDRED,
    stop: Callable[[], bool] | None = None,
) -> Ended:
    def program(ring: Collective) -> Ended:
        ticks = Ticks(killed_at)
        made = head(settings, ring, optimizer)
        fitted = fit(made, TRAIN, HELD, settings, ring, store, stop=stop or ticks.stop, clock=ticks)
        return fitted, weights(made.model)

    ended = Threads(ranks).run(program)
    assert all(same_bits(other, ended[0][1]) for _, other in ended)
    return ended[0]


def train_through_kills(
    ranks: int, optimizer: str, kills: list[int], settings: Settings = HUNDRED
) -> Ended:
    store = MemoryStore()
    for killed_at in kills:
        with pytest.raises(KeyboardInterrupt):
            train(ranks, optimizer, store, killed_at, settings)
    return train(ranks, optimizer, store, settings=settings)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_any_number_of_ranks_comes_to_the_same_weights_and_figures(optimizer: str) -> None:
    fitted, alone = train(1, optimizer)
    assert fitted.steps == 100
    for ranks in (2, 3):
        other, together = train(ranks, optimizer)
        assert distance(together, alone) <= 1e-5
        for one, two in zip(fitted.history, other.history, strict=True):
            assert two.train == pytest.approx(one.train, abs=1e-4)
            assert two.validation == pytest.approx(one.validation, abs=1e-4)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_ranks_that_change_at_each_resume_come_to_the_same_weights(optimizer: str) -> None:
    store = MemoryStore()
    for ranks, killed_at in ((3, 36), (1, 30)):
        with pytest.raises(KeyboardInterrupt):
            train(ranks, optimizer, store, killed_at)
    _, changed = train(2, optimizer, store)
    assert distance(changed, train(1, optimizer)[1]) <= 1e-5


@pytest.mark.parametrize(
    "optimizer, ranks, lives", [("sgd", 1, 2), ("adam", 1, 2), ("sgd", 2, 2), ("adam", 2, 5)]
)
def test_a_run_killed_at_random_steps_ends_bitwise_as_an_uninterrupted_one(
    optimizer: str, ranks: int, lives: int
) -> None:
    chance = random.Random(lives * ranks)
    kills = [chance.randint(8, 18) for _ in range(lives)]
    fitted, whole = train(ranks, optimizer)
    resumed, killed = train_through_kills(ranks, optimizer, kills)
    assert same_bits(killed, whole)
    assert resumed.history == fitted.history
    assert (resumed.best_step, resumed.best_epoch) == (fitted.best_step, fitted.best_epoch)


def test_twenty_steps_of_a_cnn_come_to_the_same_weights_on_any_number_of_ranks() -> None:
    settings = Settings(global_batch=16, lanes=16, epochs=5, identity="cnn")
    draw = np.random.default_rng(4)
    pixels = draw.integers(0, 256, (1, 60, 12, 12, 3), dtype=np.uint8)
    train = replace(rows(60, copies=1), x=pixels)

    def program(ring: Collective) -> tuple[int, Mapping[str, Any]]:
        made = cnn()
        return fit(made, train, None, settings, ring).steps, weights(made.model)

    steps, alone = Threads(1).run(program)[0]
    assert steps == 20
    for ranks in (2, 3):
        assert distance(Threads(ranks).run(program)[0][1], alone) <= 1e-5


def cnn() -> Learner:
    first = keras.initializers.GlorotUniform(seed=5)
    layers = [
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(8, 3, activation="relu", kernel_initializer=first),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        dense(CLASSES, "outputs"),
    ]
    return learner(keras.Sequential([keras.Input([12, 12, 3]), *layers]), "adam")


def test_a_store_that_refuses_a_checkpoint_stops_the_run_and_loses_none_before() -> None:
    @dataclass(frozen=True)
    class FullStore(MemoryStore):
        def put(self, key: str, content: bytes) -> None:
            if key > f"checkpoints/job/{30:010d}":
                raise DataError("disk full")
            super().put(key, content)

    store = FullStore()
    with pytest.raises(DataError, match="disk full"):
        train(2, "sgd", store)
    resumed, weighed = train(2, "sgd", MemoryStore(store.objects))
    assert resumed.steps == 100
    assert same_bits(weighed, train(2, "sgd")[1])


def test_early_stopping_survives_a_resume_and_restores_the_best_weights() -> None:
    settings = replace(HUNDRED, patience=2, minimum_gain=0.05, epochs=30)
    fitted, whole = train(2, "sgd", settings=settings)
    assert fitted.stopped_early
    assert fitted.best_epoch == fitted.history[-1].epoch - 2
    until_best = replace(settings, patience=None, epochs=fitted.best_epoch + 1)
    assert same_bits(whole, train(2, "sgd", settings=until_best)[1])
    last = fitted.history[-1].steps
    resumed, killed = train_through_kills(2, "sgd", [last - 3], settings)
    assert 0 < resumed.resumed < last - 3
    assert resumed == replace(fitted, seconds=resumed.seconds, resumed=resumed.resumed)
    assert same_bits(killed, whole)


def test_a_finished_training_is_not_trained_again() -> None:
    store = MemoryStore()
    fitted, first = train(2, "sgd", store)

    def step() -> bool:
        raise AssertionError("a step was taken")

    again, second = train(1, "sgd", store, stop=step)
    assert again.history == fitted.history
    assert same_bits(first, second)


def test_a_stop_asked_of_one_rank_stops_all_at_the_same_step_with_a_checkpoint() -> None:
    store = MemoryStore()
    settings = replace(HUNDRED, checkpoint_seconds=1e9)

    def program(ring: Collective) -> int:
        asked = iter(range(1000))
        made = head(settings, ring)
        stop = (lambda: next(asked) == 13) if ring.rank == 1 else (lambda: False)
        fitted = fit(made, TRAIN, HELD, settings, ring, store, stop=stop)
        assert fitted.interrupted
        return fitted.steps

    assert Threads(2).run(program) == [14, 14]
    resumed, weighed = train(2, "sgd", store, settings=settings)
    assert not resumed.interrupted
    assert same_bits(weighed, train(2, "sgd")[1])
