"""Micro-batches, clipping and half precision: the same training on 1, 2 and 3 ranks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import pytest

from farandole.api.errors import RingError
from farandole.ring.collective import Collective
from farandole.ring.learner import Fitted, Learner, Settings
from farandole.ring.micro_batches import MicroBatches
from farandole.ring.threads import Threads
from farandole.ring.training import fit
from tests.support.ring_learning import (
    CLASSES,
    cross_entropy,
    dense,
    distance,
    head,
    learner,
    rows,
    same_bits,
    weights,
)

FIFTY = Settings(global_batch=16, lanes=16, epochs=5, identity="arithmetic")
TRAIN = rows(150)
POLICIES = {"mixedFloat16": "mixed_float16", "mixedBfloat16": "mixed_bfloat16"}
Make = Callable[[Settings, Collective], Learner]


@dataclass(frozen=True)
class Ended:
    fitted: Fitted
    weights: Mapping[str, Any]


def adam(settings: Settings, ring: Collective) -> Learner:
    """A head with lane dropout and a penalty."""
    return head(settings, ring, "adam")


def half(settings: Settings, ring: Collective) -> Learner:
    """A head that computes in the settings' precision; its weights are float32."""
    policy = POLICIES[settings.precision]
    layers = [
        dense(32, "hidden", activation="relu", dtype=policy),
        dense(CLASSES, "outputs", dtype=policy),
    ]
    return learner(keras.Sequential([keras.Input([20]), *layers]), "sgd")


def trained(settings: Settings, ranks: int, make: Make = adam, train: Any = TRAIN) -> Ended:
    """How a training ends, which all ranks end with the same bits."""

    def program(ring: Collective) -> Ended:
        made = make(settings, ring)
        return Ended(fit(made, train, None, settings, ring), weights(made.model))

    every = Threads(ranks).run(program)
    assert all(same_bits(other.weights, every[0].weights) for other in every)
    assert all(other.fitted.skipped == every[0].fitted.skipped for other in every)
    return every[0]


def apart(one: Ended, other: Ended) -> float:
    """||w - w'|| / ||w'|| of all weights together."""
    vectors = [np.concatenate([v.ravel() for v in x.weights.values()]) for x in (one, other)]
    return float(np.linalg.norm(vectors[0] - vectors[1]) / np.linalg.norm(vectors[1]))


@pytest.mark.parametrize("rows, most, count, length", [(16, 4, 4, 4), (5, 3, 3, 2), (3, 8, 3, 1)])
def test_micro_batches_hold_every_row_once_in_its_order(
    rows: int, most: int, count: int, length: int
) -> None:
    parts = MicroBatches(rows, most)
    cut = parts.cut(np.arange(1, rows + 1, dtype=np.float32)).numpy()
    assert cut.shape == (count, length)
    assert cut.ravel()[:rows].tolist() == list(range(1, rows + 1))
    assert not cut.ravel()[rows:].any()


@pytest.mark.parametrize("ranks", [1, 2, 3])
@pytest.mark.parametrize("most", [2, 3, 64])
def test_a_step_in_micro_batches_is_the_step(ranks: int, most: int) -> None:
    one = replace(FIFTY, epochs=1, global_batch=160, lanes=16)  # the whole of the rows
    whole, parts = (
        trained(replace(one, micro_batches=n), ranks, lambda s, r: head(s, r, "sgd"))
        for n in (1, most)
    )
    assert distance(parts.weights, whole.weights) <= 1e-6
    assert parts.fitted.history[0].train == pytest.approx(whole.fitted.history[0].train, rel=1e-6)


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_fifty_steps_in_micro_batches_come_to_the_same_weights(ranks: int) -> None:
    parts = trained(replace(FIFTY, micro_batches=4), ranks)
    assert distance(parts.weights, trained(FIFTY, 1).weights) <= 1e-5


def test_a_nan_in_a_micro_batch_is_named_with_its_row() -> None:
    train = rows(150, copies=1)
    train.x[0, 41, 3] = np.nan
    settings = replace(FIFTY, micro_batches=3)
    with pytest.raises(RingError, match="the loss of row-41"):
        trained(settings, 2, train=train)


@pytest.mark.parametrize("ranks", [2, 3])
def test_clipping_that_binds_comes_to_the_same_weights_on_any_number_of_ranks(ranks: int) -> None:
    clipped = replace(FIFTY, clip_norm=0.05)
    alone = trained(clipped, 1)
    assert distance(trained(clipped, ranks).weights, alone.weights) <= 1e-5
    assert distance(trained(FIFTY, 1).weights, alone.weights) > 1e-3


@pytest.mark.parametrize("precision, bound", [("mixedFloat16", 2e-3), ("mixedBfloat16", 2e-2)])
def test_half_precision_comes_to_the_same_weights_within_its_rounding(
    precision: str, bound: float
) -> None:
    settings = replace(FIFTY, precision=precision, clip_norm=1.0)
    alone = trained(settings, 1, half)
    for ranks in (2, 3):
        together = trained(settings, ranks, half)
        assert apart(together, alone) <= bound
        assert together.fitted.skipped == alone.fitted.skipped
    in_parts = trained(replace(settings, micro_batches=2), 2, half)
    assert apart(in_parts, alone) <= bound


def test_an_overflow_on_one_rank_is_skipped_by_all() -> None:
    """Rows of the last lane alone overflow: two of three ranks see finite gradients only."""
    loud = replace(TRAIN, weight=np.where(np.arange(150) % 16 == 15, 1e4, 1).astype(np.float32))
    settings = replace(FIFTY, precision="mixedFloat16")
    ended = trained(settings, 3, half, loud)
    assert 1 <= ended.fitted.skipped <= 15
    assert f"{ended.fitted.skipped} steps changed no weight" in ended.fitted.notices[-1]


@pytest.mark.parametrize("ranks", [1, 2, 3])
@pytest.mark.parametrize("compression, bound", [("float16", 5e-3), ("bfloat16", 2e-2)])
def test_gradients_that_cross_in_half_precision_come_close(
    compression: str, bound: float, ranks: int
) -> None:
    exact = trained(FIFTY, 1, lambda s, r: head(s, r, "sgd"))
    halved = trained(replace(FIFTY, compression=compression), ranks, lambda s, r: head(s, r, "sgd"))
    assert 0 < apart(halved, exact) <= bound
    assert halved.fitted.skipped == 0


@pytest.mark.parametrize("compression", ["float16", "bfloat16"])
def test_all_but_gradients_crosses_in_full_precision(compression: str) -> None:
    def still(settings: Settings, ring: Collective) -> Learner:
        return replace(head(settings, ring), schedule=lambda _: 0.0)

    exact, halved = (
        trained(replace(FIFTY, compression=name), 3, still) for name in ("none", compression)
    )
    assert halved.fitted.history == exact.fitted.history


@pytest.mark.parametrize("times", [1e-9, 1e6])
def test_gradients_of_any_size_cross_in_float16(times: float) -> None:
    def scaled(settings: Settings, ring: Collective) -> Learner:
        made = replace(head(settings, ring, "sgd"), penalty=None)
        louder = replace(made, loss=lambda y, outputs: cross_entropy(y, outputs) * times)
        return replace(louder, schedule=lambda _: 0.01 / times)

    exact, halved = (
        trained(replace(FIFTY, compression=name), 2, scaled) for name in ("none", "float16")
    )
    assert 0 < apart(halved, exact) <= 5e-3
    assert halved.fitted.skipped == 0
