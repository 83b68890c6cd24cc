"""Losses a row and optimizers, against formulas and Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from farandole.api import (
    Adam,
    Adamw,
    CrossEntropy,
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    Optimizer,
    Rmsprop,
    Sgd,
)
from farandole.networks.losses import loss
from farandole.networks.optimization import optimizer

CLASSIFICATION, REGRESSION = "ImageClassification", "TabularRegression"
LOGITS = np.array([[2.0, -1.0], [0.5, 3.0], [40.0, -40.0]], np.float32)
LABELS = np.array([0, 0, 1])
VALUES = np.array([[1.0], [-2.0], [10.0]], np.float32)
TRUTH = np.array([0.5, 0.0, 2.0], np.float32)


def test_cross_entropy_is_minus_the_log_probability_of_the_true_class() -> None:
    expected = [np.log1p(np.exp(-3)), 2.5 + np.log1p(np.exp(-2.5)), 80.0]
    for declared in (None, Loss(cross_entropy=CrossEntropy())):
        rows = loss(declared, CLASSIFICATION)(LABELS, LOGITS)
        np.testing.assert_allclose(rows, expected, rtol=1e-5)


def test_label_smoothing_spreads_the_truth_over_all_classes() -> None:
    smoothed = loss(Loss(cross_entropy=CrossEntropy(label_smoothing=0.2)), CLASSIFICATION)
    truth = tf.one_hot(LABELS, 2) * 0.8 + 0.1
    expected = tf.nn.softmax_cross_entropy_with_logits(truth, LOGITS)
    np.testing.assert_allclose(smoothed(LABELS, LOGITS), expected, rtol=1e-5)


@pytest.mark.parametrize(
    "declared, expected",
    [
        (None, [0.25, 4, 64]),
        (Loss(mean_squared_error=MeanSquaredError()), [0.25, 4, 64]),
        (Loss(mean_absolute_error=MeanAbsoluteError()), [0.5, 2, 8]),
        (Loss(huber=Huber(delta=2.0)), [0.125, 2, 14]),
    ],
)
def test_losses_of_a_regression_are_those_of_their_names(
    declared: Loss | None, expected: list[float]
) -> None:
    np.testing.assert_allclose(loss(declared, REGRESSION)(TRUTH, VALUES), expected)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_a_loss_is_float32_whatever_it_is_given(dtype: str) -> None:
    assert loss(None, CLASSIFICATION)(LABELS, tf.cast(LOGITS, dtype)).dtype == tf.float32
    rows = loss(None, REGRESSION)(TRUTH.astype(np.float64), tf.cast(VALUES, dtype))
    assert rows.dtype == tf.float32


OPTIMIZERS: list[tuple[Optimizer, Any]] = [
    (Optimizer(sgd=Sgd(learning_rate=0.2)), keras.optimizers.SGD(0.2)),
    (Optimizer(sgd=Sgd(momentum=0.8)), keras.optimizers.SGD(0.01, momentum=0.8)),
    (
        Optimizer(sgd=Sgd(momentum=0.8, nesterov=True)),
        keras.optimizers.SGD(0.01, momentum=0.8, nesterov=True),
    ),
    (
        Optimizer(rmsprop=Rmsprop(rho=0.8, momentum=0.1, epsilon=1e-5)),
        keras.optimizers.RMSprop(0.001, rho=0.8, momentum=0.1, epsilon=1e-5),
    ),
    (
        Optimizer(adam=Adam(beta1=0.7, beta2=0.8, epsilon=1e-5)),
        keras.optimizers.Adam(0.001, beta_1=0.7, beta_2=0.8, epsilon=1e-5),
    ),
    (
        Optimizer(adamw=Adamw(beta1=0.7, weight_decay=0.5)),
        keras.optimizers.AdamW(0.001, beta_1=0.7, weight_decay=0.5),
    ),
]


@pytest.mark.parametrize("declared, reference", OPTIMIZERS)
def test_an_optimizer_moves_weights_as_keras_does(declared: Optimizer, reference: Any) -> None:
    ways = []
    for rule in (optimizer(declared), reference):
        weights = keras.Variable(np.array([1.0, -2.0, 3.0], np.float32), name="weights")
        for number in range(4):
            rule.apply([tf.constant([0.1, -1.0, float(number)])], [weights])
        ways.append(np.asarray(weights))
    np.testing.assert_array_equal(ways[0], ways[1])


def test_the_learning_rate_can_be_assigned_at_every_step() -> None:
    for declared, _ in OPTIMIZERS:
        rule = optimizer(declared)
        rule.learning_rate = 0.125
        assert float(rule.learning_rate) == 0.125
        assert (rule.clipnorm, rule.global_clipnorm, rule.clipvalue) == (None, None, None)
