"""Embedding tables: gradients that travel by looked-up rows are the dense ones, on any ranks."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from farandole.ring import tables
from farandole.ring.collective import Collective
from farandole.ring.learner import Learner, Rows, Settings
from farandole.ring.threads import Threads
from farandole.ring.training import fit
from tests.support.ring_learning import CLASSES, dense, distance, learner, rows, same_bits, weights

FIFTY = Settings(global_batch=16, lanes=16, epochs=5, identity="tables")
LARGE, SMALL = 5000, 50
FEATURES = 3


def words(table: int) -> Rows:
    """Rows of three words each; some words are met several times in a step."""
    draw = np.random.default_rng(3)
    often = draw.integers(0, 4, (1, 150, FEATURES))
    any_word = draw.integers(0, table, (1, 150, FEATURES))
    met = np.where(draw.random((1, 150, FEATURES)) < 0.3, often, any_word)
    return replace(rows(150, copies=1), x=met.astype(np.float32))


def embedded(table: int, optimizer: str) -> Learner:
    first = keras.initializers.GlorotUniform(seed=4)
    embedding = keras.layers.Embedding(table, 8, embeddings_initializer=first, name="words")
    inputs = keras.Input([FEATURES])
    x = keras.layers.Flatten()(embedding(keras.ops.cast(inputs, "int32")))
    return learner(keras.Model(inputs, dense(CLASSES, "outputs")(x)), optimizer)


class Counting:
    """A ring that counts the numbers that cross it."""

    def __init__(self, ring: Collective) -> None:
        self.ring, self.rank, self.size, self.crossed = ring, ring.rank, ring.size, 0
        self.broadcast, self.gather = ring.broadcast, ring.gather
        self.barrier, self.beat = ring.barrier, ring.beat

    def sum(self, tensor: Any) -> Any:
        self.crossed = max(self.crossed, int(np.prod(tensor.shape)))
        return self.ring.sum(tensor)


def trained(
    table: int, ranks: int, optimizer: str, settings: Settings = FIFTY
) -> tuple[Mapping[str, Any], int]:
    """The weights after 50 steps, bitwise the same on all ranks, and the numbers of one sum."""

    def program(ring: Collective) -> tuple[Mapping[str, Any], int]:
        made, counted = embedded(table, optimizer), Counting(ring)
        fit(made, words(table), None, settings, counted)
        return weights(made.model), counted.crossed

    every = Threads(ranks).run(program)
    assert all(same_bits(other, every[0][0]) for other, _ in every)
    return every[0]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_rows_of_a_large_table_train_it_as_its_dense_gradient_does(
    optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_rows = {ranks: trained(LARGE, ranks, optimizer) for ranks in (1, 2, 3)}
    monkeypatch.setattr(tables, "PAYS_FROM", 1e9)
    whole, _ = trained(LARGE, 1, optimizer)
    assert trained(LARGE, 2, optimizer)[1] > LARGE * 8
    for weighed, numbers in by_rows.values():
        assert distance(weighed, whole) <= 1e-6
        assert numbers < 1000


def test_a_table_of_few_rows_travels_whole_at_any_number_of_ranks() -> None:
    for ranks in (2, 3):
        assert trained(SMALL, ranks, "sgd")[1] > SMALL * 8


def test_numbers_of_rows_cross_exactly_whatever_gradients_cross_in() -> None:
    exact, _ = trained(LARGE, 1, "sgd")
    halved, _ = trained(LARGE, 3, "sgd", replace(FIFTY, compression="float16"))
    assert 0 < distance(halved, exact) <= 2e-3


def test_micro_batches_of_an_embedding_are_the_step() -> None:
    parts, _ = trained(LARGE, 2, "sgd", replace(FIFTY, micro_batches=3))
    assert distance(parts, trained(LARGE, 1, "sgd")[0]) <= 1e-6


@pytest.mark.parametrize("number", [0, 4095, 4096, 16_777_217, 99_999_999])
def test_the_number_of_any_row_survives_its_travel(number: int) -> None:
    slices = tf.IndexedSlices(tf.ones([1, 4]), tf.constant([number], tf.int64))
    table = tf.TensorShape([100_000_000, 4])
    found = tables.rows_of(slices, tf.TensorSpec(table), tables.Span(1, 1, 3))
    assert found is not None
    digits = found.numbers.numpy()
    assert digits[1, 0] * 4096 + digits[1, 1] == number
    assert not digits[[0, 2]].any()
