"""A user's builder: what it is given, what it must give, what is found in its network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from farandole.api import DocumentError, Network
from farandole.networks.declared import Built, build
from farandole.networks.own import check_micro_batches
from tests.support.data_pictures import write
from tests.support.networks_contexts import context_of

PLAIN = """
import keras

def build(input_shape, outputs):
    inputs = keras.Input(input_shape)
    x = keras.layers.Dense(8, activation="relu")(inputs)
    return keras.Model(inputs, keras.layers.Dense(outputs)(x))
"""
RANDOM = """
import keras

class Block(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = keras.layers.GaussianNoise(0.1, name="noise")

    def call(self, x, training=False):
        return self.inner(x, training=training)

def build(input_shape, outputs):
    frozen = keras.layers.BatchNormalization(name="frozen")
    frozen.trainable = False
    layers = [keras.layers.Dense(4), keras.layers.Dropout(0.5, name="drop"), Block(), frozen]
    return keras.Sequential([*layers, keras.layers.BatchNormalization(name="norm"),
                             keras.layers.Dense(outputs, kernel_regularizer="l2")])
"""
LANES = """
import keras
from farandole.networks.layers.dropout import LaneDropout

def build(input_shape, outputs, lanes):
    return keras.Sequential([LaneDropout(0.5, lanes, 0), keras.layers.Dense(outputs)])
"""


def built(folder: Path, source: str, precision: str = "float32", seed: int = 3) -> Built:
    name = f"nets_{abs(hash(source))}"
    write(folder, {f"{name}.py": source.encode()})
    network = Network(builder=f"{name}:build")
    return build(network, (6,), 2, context_of(range(4)), seed, precision, folder)


def test_a_builders_network_gives_float32_logits(tmp_path: Path) -> None:
    x = np.ones((4, 6), np.float32)
    for precision in ("float32", "mixedBfloat16"):
        network = built(tmp_path, PLAIN, precision)
        assert network.model(x).shape == (4, 2)
        assert network.model(x).dtype == "float32"
        assert (network.stateful, network.penalty) == ((), None)
    assert network.model.layers[1].layers[1].compute_dtype == "bfloat16"
    assert built(tmp_path, PLAIN).model.layers[1].layers[1].compute_dtype == "float32"


def test_first_weights_of_a_builder_are_a_function_of_the_seed(tmp_path: Path) -> None:
    one, again = built(tmp_path, PLAIN).model, built(tmp_path, PLAIN).model
    for mine, other in zip(one.weights, again.weights, strict=True):
        np.testing.assert_array_equal(mine, other)
    another = built(tmp_path, PLAIN, seed=4).model
    assert (np.asarray(one.weights[0]) != np.asarray(another.weights[0])).any()


def test_layers_that_depend_on_the_number_of_ranks_are_named(tmp_path: Path) -> None:
    network = built(tmp_path, RANDOM)
    assert network.stateful == (
        "drop (Dropout)",
        "noise (GaussianNoise)",
        "norm (BatchNormalization)",
    )


def test_regularizers_of_weights_become_the_penalty(tmp_path: Path) -> None:
    network = built(tmp_path, RANDOM)
    assert network.penalty is not None
    kernel = next(v for v in network.model.trainable_variables if v.regularizer is not None)
    np.testing.assert_allclose(network.penalty(), 0.01 * np.square(kernel).sum(), rtol=1e-5)


def test_a_builder_may_take_the_lanes_and_use_layers_of_ours(tmp_path: Path) -> None:
    assert built(tmp_path, LANES).stateful == ()


@pytest.mark.parametrize(
    "source, message",
    [
        ("def build(input_shape, outputs):\n    return 3\n", "received .*: a int"),
        ("def build(input_shape, outputs):\n    return 1 / 0\n", r"ZeroDivisionError.*line 2"),
        ("def build():\n    return 3\n", r"TypeError.*takes 0 positional arguments"),
        (PLAIN.replace("Dense(outputs)", "Dense(outputs + 1)"), r"outputs of shape \[None, 3\]"),
        (PLAIN.replace("Dense(outputs)", "Dense(outputs, activation='softmax')"), "after softmax"),
        (PLAIN.replace("Dense(8,", "Dense(8, activity_regularizer='l2',"), "weights only"),
        (PLAIN.replace("Input(input_shape)", "Input((7,))"), r"inputs of shape \(6,\)"),
    ],
)
def test_a_builder_that_breaks_its_promise_is_refused(
    tmp_path: Path, source: str, message: str
) -> None:
    with pytest.raises(DocumentError, match=message):
        built(tmp_path, source)


def test_micro_batches_are_refused_where_a_layer_needs_the_whole_batch(tmp_path: Path) -> None:
    network = built(tmp_path, RANDOM).model
    check_micro_batches(network, 1)
    with pytest.raises(DocumentError, match=r"training.microBatches: .*received 2 .* layer norm"):
        check_micro_batches(network, 2)
    check_micro_batches(built(tmp_path, PLAIN).model, 2)
