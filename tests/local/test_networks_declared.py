"""Declared networks: every layer, every activation, precision, first weights, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from farandole.api import Activation, DocumentError, Layer, Network
from farandole.networks.declared import Built, build
from tests.support.networks_contexts import context_of

Array = NDArray[Any]
ROWS = 4
IMAGE = {"height": 8, "width": 12, "channels": 3}
PIXELS = (8, 12, 3)
FLATTEN: dict[str, Any] = {"flatten": {}}

LAYERS: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "dense": ({"units": 5}, (8, 12, 5)),
    "conv2d": ({"filters": 5, "strides": 2}, (4, 6, 5)),
    "depthwiseConv2d": ({"multiplier": 2, "padding": "valid"}, (6, 10, 6)),
    "separableConv2d": ({"filters": 5, "kernel": 2}, (8, 12, 5)),
    "maxPooling": ({}, (4, 6, 3)),
    "averagePooling": ({"size": 3, "strides": 1}, (6, 10, 3)),
    "globalMaxPooling": ({}, (3,)),
    "globalAveragePooling": ({}, (3,)),
    "flatten": ({}, (288,)),
    "dropout": ({"rate": 0.5}, (8, 12, 3)),
    "batchNormalization": ({}, (8, 12, 3)),
    "embedding": ({"inputs": 256, "units": 2}, (8, 12, 3, 2)),
    "activation": ({"relu": {}}, (8, 12, 3)),
}


def built(
    layers: list[dict[str, Any]],
    shape: tuple[int, ...] = PIXELS,
    outputs: int = 3,
    seed: int = 3,
    precision: str = "float32",
    **more: Any,
) -> Built:
    image = {"image": IMAGE} if len(shape) == 3 else {}
    network = Network.model_validate({"layers": layers, **image, **more})
    return build(network, shape, outputs, context_of(range(ROWS)), seed, precision)


def inputs(shape: tuple[int, ...] = PIXELS) -> Array:
    return np.random.default_rng(0).integers(0, 256, (ROWS, *shape)).astype(np.float32)


@pytest.mark.parametrize("name", Layer.branches())
def test_every_layer_gives_the_shape_that_it_should(name: str) -> None:
    settings, shape = LAYERS[name]
    after = [] if len(shape) == 1 else [FLATTEN]
    network = built([{name: settings}, *after])
    flat = int(np.prod(shape))
    assert network.model.get_layer("output").kernel.shape == (flat, 3)
    assert network.model(inputs(), training=True).shape == (ROWS, 3)


SHAPES: dict[str, tuple[dict[str, float], Callable[[Array], Array]]] = {
    "linear": ({}, lambda x: x),
    "sigmoid": ({}, expit),
    "tanh": ({}, np.tanh),
    "relu": ({}, lambda x: np.maximum(x, 0)),
    "leakyRelu": ({"slope": 0.1}, lambda x: np.where(x > 0, x, 0.1 * x)),
    "prelu": ({}, lambda x: np.maximum(x, 0)),  # the learnt slope starts at 0
    "elu": ({"alpha": 0.5}, lambda x: np.where(x > 0, x, 0.5 * np.expm1(x))),
    "softmax": ({}, lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
    "gelu": ({}, lambda x: x * ndtr(x)),
    "swish": ({}, lambda x: x * expit(x)),
}


@pytest.mark.parametrize("name", Activation.branches())
def test_every_activation_is_the_function_of_its_name(name: str) -> None:
    settings, function = SHAPES[name]
    x = np.linspace(-3, 3, ROWS * 6).reshape(ROWS, 6).astype(np.float32)
    for layers in (
        [{"activation": {name: settings}}],
        [{"dense": {"units": 6, "activation": {name: settings}}}],
    ):
        model = built(layers, (6,), outputs=6).model
        model.get_layer("output").set_weights([np.eye(6), np.zeros(6)])
        if "dense" in layers[0]:
            model.get_layer("layer_0_dense").set_weights([np.eye(6), np.zeros(6)])
        np.testing.assert_allclose(model(x), function(x), atol=2e-6)


def test_a_learnt_slope_is_one_a_unit_and_one_a_channel() -> None:
    layers = [{"conv2d": {"filters": 5, "activation": {"prelu": {}}}}, FLATTEN]
    layers += [{"dense": {"units": 7, "activation": {"prelu": {}}}}]
    model = built(layers).model
    assert model.get_layer("layer_0_prelu").alpha.shape == (1, 1, 5)
    assert model.get_layer("layer_2_prelu").alpha.shape == (7,)


def test_without_layers_a_network_is_one_linear_layer() -> None:
    context = context_of(range(ROWS))
    for network in (None, Network()):
        model = build(network, (6,), 2, context, 3, "float32").model
        kernel, bias = model.get_weights()
        x = inputs((6,))
        np.testing.assert_allclose(model(x), x @ kernel + bias, rtol=1e-5)


def test_pixels_reach_the_first_layer_between_zero_and_one() -> None:
    model = built([]).model
    model.get_layer("output").set_weights([np.eye(288, 3), np.zeros(3)])
    np.testing.assert_allclose(model(inputs()), inputs().reshape(ROWS, -1)[:, :3] / 255, rtol=1e-6)


EVERYTHING: list[dict[str, Any]] = [
    {"conv2d": {"filters": 4, "activation": {"relu": {}}, "l2": 0.1}},
    {"batchNormalization": {}},
    {"separableConv2d": {"filters": 4, "activation": {"prelu": {}}, "l2": 0.01}},
    {"maxPooling": {}},
    {"flatten": {}},
    {"dropout": {"rate": 0.5}},
    {"dense": {"units": 4, "activation": {"gelu": {}}}},
]


def test_first_weights_are_a_function_of_the_seed_alone() -> None:
    one, other = built(EVERYTHING).model, built(EVERYTHING, seed=4).model
    for mine, again in zip(one.weights, built(EVERYTHING).model.weights, strict=True):
        np.testing.assert_array_equal(mine, again)
    kernels = [v for v in one.trainable_variables if "kernel" in v.name]
    changed = [v for v in other.trainable_variables if "kernel" in v.name]
    for kernel, another in zip(kernels, changed, strict=True):
        assert (np.asarray(kernel) != np.asarray(another)).all(), kernel.path


def test_every_variable_says_which_layer_of_the_document_it_belongs_to() -> None:
    paths = [variable.path for variable in built(EVERYTHING).model.variables]
    assert "layer_0_conv2d/kernel" in paths
    assert "layer_6_dense/bias" in paths
    assert len(set(paths)) == len(paths)


def test_the_penalty_is_the_weighted_sum_of_squared_kernels() -> None:
    network = built(EVERYTHING)
    assert network.penalty is not None
    conv = network.model.get_layer("layer_0_conv2d").kernel
    separable = network.model.get_layer("layer_2_separable_conv2d")
    expected = 0.1 * np.square(conv).sum() + 0.01 * (
        np.square(separable.depthwise_kernel).sum() + np.square(separable.pointwise_kernel).sum()
    )
    np.testing.assert_allclose(network.penalty(), expected, rtol=1e-5)
    assert built([]).penalty is None


RELU: dict[str, Any] = {"activation": {"relu": {}}}


@pytest.mark.parametrize(
    "layers, biased",
    [
        ([{"conv2d": {"filters": 2}}, {"batchNormalization": {}}], False),
        ([{"separableConv2d": {"filters": 2}}, {"batchNormalization": {}}], False),
        ([{"dense": {"units": 2}}, {"maxPooling": {}}, {"batchNormalization": {}}], False),
        ([{"conv2d": {"filters": 2, **RELU}}, {"batchNormalization": {}}], True),
        ([{"conv2d": {"filters": 2}}, RELU, {"batchNormalization": {}}], True),
        (
            [{"conv2d": {"filters": 2}}, {"dropout": {"rate": 0.1}}, {"batchNormalization": {}}],
            True,
        ),
        ([{"conv2d": {"filters": 2}}], True),
    ],
)
def test_a_layer_has_a_bias_unless_batch_normalization_takes_it_away(
    layers: list[dict[str, Any]], biased: bool
) -> None:
    first = built([*layers, FLATTEN]).model.layers[2]
    assert first.use_bias is biased
    assert built([*layers, FLATTEN]).model.get_layer("output").use_bias


@pytest.mark.parametrize("precision", ["float32", "mixedBfloat16", "mixedFloat16"])
def test_a_network_trains_in_every_precision_and_gives_float32(precision: str) -> None:
    network = built(EVERYTHING, precision=precision, augment={"flip": True})

    def step(x: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            logits = network.model(x, training=True)
            loss = tf.reduce_mean(tf.square(logits))
        return logits, tape.gradient(loss, network.model.trainable_variables)

    logits, gradients = tf.function(step)(inputs())
    assert logits.dtype == tf.float32
    assert all(variable.dtype == "float32" for variable in network.model.variables)
    assert all(np.isfinite(np.asarray(gradient)).all() for gradient in gradients)
    kernel_dtype = network.model.get_layer("layer_0_conv2d").compute_dtype
    assert kernel_dtype == {"mixedBfloat16": "bfloat16", "mixedFloat16": "float16"}.get(
        precision, "float32"
    )


def test_embeddings_of_large_numbers_are_told_apart_in_mixed_precision() -> None:
    layers: list[dict[str, Any]] = [{"embedding": {"inputs": 3000, "units": 2}}, {"flatten": {}}]
    model = built(layers, (1,), precision="mixedBfloat16").model
    table = np.asarray(model.get_layer("layer_0_embedding").embeddings)
    model.get_layer("output").set_weights([np.eye(2, 3), np.zeros(3)])
    x = np.array([[2049.0], [2050.0]], np.float32)
    np.testing.assert_allclose(np.asarray(model(x))[:, :2], table[[2049, 2050]], rtol=1e-2)


@pytest.mark.parametrize(
    "shape, layers, message",
    [
        ((6,), [{"conv2d": {"filters": 4}}], r"layers\[0\]\.conv2d: expected height, width and"),
        ((6,), [{"globalMaxPooling": {}}], r"layers\[0\]\.globalMaxPooling: expected height"),
        (PIXELS, [FLATTEN, {"maxPooling": {}}], r"layers\[1\]\.maxPooling: .*received 288 a row"),
        (PIXELS, [{"conv2d": {"filters": 4}}], r"layers\[1\]\.output: expected one vector a row"),
        (
            PIXELS,
            [{"conv2d": {"filters": 4, "kernel": 9, "padding": "valid"}}],
            r"layers\[0\]\.conv2d: expected inputs that fit the layer .*received 8 x 12 x 3 a row",
        ),
    ],
)  # fmt: skip
def test_a_layer_that_does_not_fit_is_refused_with_its_place(
    shape: tuple[int, ...], layers: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(DocumentError, match=message):
        built(layers, shape)
