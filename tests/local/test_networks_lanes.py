"""Dropout, augmentation and batch normalization are the same at any number of ranks."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from farandole.networks.lane_context import LaneContext
from farandole.networks.layers.augment import LaneAugment
from farandole.networks.layers.dropout import LaneDropout
from farandole.networks.layers.normalization import LaneBatchNormalization
from tests.support.networks_contexts import context_of

Array = NDArray[Any]


def mask(context: LaneContext, size: int = 256, rate: float = 0.5, index: int = 0) -> Array:
    """Which elements dropout keeps, [rows, size]."""
    ones = np.ones((context.lane.shape[0], size), np.float32)
    return np.asarray(LaneDropout(rate, context, index)(ones, training=True)) > 0


def pictures(rows: int, seed: int = 0) -> Array:
    pixels = np.random.default_rng(seed).integers(0, 256, (rows, 6, 10, 3))
    return pixels.astype(np.float32)


@pytest.mark.parametrize("shape", [(40,), (5, 4, 3)])
def test_dropout_of_two_ranks_is_bitwise_that_of_one(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=(32, *shape)).astype(np.float32)
    whole = LaneDropout(0.3, context_of(range(16), 2, step=5), 1)(x, training=True)
    first = LaneDropout(0.3, context_of(range(8), 2, step=5), 1)(x[:16], training=True)
    second = LaneDropout(0.3, context_of(range(8, 16), 2, step=5), 1)(x[16:], training=True)
    np.testing.assert_array_equal(whole, np.concatenate([first, second]))


def test_dropout_of_a_rank_that_holds_any_lanes_is_that_of_the_lanes() -> None:
    whole = mask(context_of(range(16), 2))
    np.testing.assert_array_equal(mask(context_of([11, 3], 2)), whole[[22, 23, 6, 7]])


def test_dropout_draws_anew_for_every_step_layer_seed_lane_and_place() -> None:
    draws = [
        mask(context_of([0])),
        mask(context_of([0], step=1)),
        mask(context_of([0], step=2**32)),
        mask(context_of([0], seed=8)),
        mask(context_of([1])),
        mask(context_of([0], 2))[1:],
        mask(context_of([0]), index=1),
    ]
    assert len({draw.tobytes() for draw in draws}) == len(draws)


@pytest.mark.parametrize("rate", [0.05, 0.5, 0.9])
def test_dropout_zeroes_the_declared_share_and_scales_the_rest(rate: float) -> None:
    ones = np.ones((64, 4096), np.float32)
    y = np.asarray(LaneDropout(rate, context_of(range(64)), 0)(ones, training=True))
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / (1 - rate))}
    spread = (rate * (1 - rate) / y.size) ** 0.5
    assert abs((y == 0).mean() - rate) < 5 * spread
    rows = (y == 0).mean(axis=1)
    assert abs(rows.std() / (spread * 8) - 1) < 0.5  # rows vary as independent draws do


def test_masks_of_neighbours_are_not_correlated() -> None:
    here = mask(context_of(range(64)), 2048)
    others = {
        "element": np.roll(here, 1, axis=1),
        "lane": np.roll(here, 1, axis=0),
        "step": mask(context_of(range(64), step=1), 2048),
        "layer": mask(context_of(range(64)), 2048, index=1),
        "seed": mask(context_of(range(64), seed=8), 2048),
        "place": mask(context_of(range(64), 2), 2048)[1::2],
    }
    for name, other in others.items():
        correlation = np.corrcoef(here.ravel(), other.ravel())[0, 1]
        assert abs(correlation) < 5 / here.size**0.5, name


def test_dropout_is_the_identity_outside_training_and_at_rate_zero() -> None:
    x = np.ones((3, 5), np.float32)  # not the rank's batch: validation has its own size
    np.testing.assert_array_equal(LaneDropout(0.5, context_of(range(16)), 0)(x), x)
    np.testing.assert_array_equal(LaneDropout(0, context_of(range(3)), 0)(x, training=True), x)


def test_a_batch_with_other_rows_than_the_ranks_is_refused() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="whole batch of 16 rows"):
        LaneDropout(0.5, context_of(range(16)), 0)(np.ones((3, 5), np.float32), training=True)


def test_augmentation_of_two_ranks_is_bitwise_that_of_one() -> None:
    x = pictures(16)

    def augmented(lanes: range, rows: Array) -> Array:
        layer = LaneAugment(True, 0.2, context_of(lanes, step=3), 0)
        return np.asarray(layer(rows, training=True))

    halves = [augmented(range(8), x[:8]), augmented(range(8, 16), x[8:])]
    np.testing.assert_array_equal(augmented(range(16), x), np.concatenate(halves))


def test_flips_mirror_half_of_the_images_and_change_no_pixel() -> None:
    x = pictures(1).repeat(512, axis=0)
    context = context_of(range(512))
    y = np.asarray(LaneAugment(True, 0.0, context, 0)(x, training=True))
    mirrored = (y == x[:, :, ::-1]).all(axis=(1, 2, 3))
    assert ((y == x).all(axis=(1, 2, 3)) ^ mirrored).all()
    assert abs(mirrored.mean() - 0.5) < 5 * (0.25 / 512) ** 0.5
    context.step.assign(1)
    again = np.asarray(LaneAugment(True, 0.0, context, 0)(x, training=True))
    assert (again != y).any()


def test_translations_repeat_the_edge_and_stay_within_their_share() -> None:
    columns = np.broadcast_to(np.arange(10.0, dtype=np.float32)[:, None], (6, 10, 1))
    x = np.broadcast_to(columns, (256, 6, 10, 1))
    y = np.asarray(LaneAugment(False, 0.2, context_of(range(256)), 0)(x, training=True))
    shifts = {tuple(row) for row in y[:, 0, :, 0]}
    assert shifts == {tuple(np.clip(np.arange(10) - by, 0, 9)) for by in (-2, -1, 0, 1, 2)}


def normalization(context: LaneContext, momentum: float = 0.9) -> LaneBatchNormalization:
    return LaneBatchNormalization(momentum, 1e-3, context)


def maps(rows: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(3, 2, (rows, 4, 5, 6)).astype(np.float32)


def test_batch_normalization_agrees_with_keras_on_one_rank() -> None:
    ours = normalization(context_of(range(16)))
    keras_layer = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-3)
    for seed in range(3):
        x = maps(16, seed)
        np.testing.assert_allclose(ours(x, training=True), keras_layer(x, training=True), atol=2e-5)
    np.testing.assert_allclose(ours.moving_mean, keras_layer.moving_mean, rtol=1e-5)
    np.testing.assert_allclose(ours.moving_variance, keras_layer.moving_variance, rtol=1e-5)
    np.testing.assert_allclose(ours(x), keras_layer(x), atol=2e-5)


def test_rows_of_weight_zero_do_not_enter_the_statistics() -> None:
    x = maps(16)
    padded, whole = context_of(range(16)), context_of(range(10))
    padded.weight.assign([2.0] * 10 + [0.0] * 6)
    ours, reference = normalization(padded), normalization(whole)
    np.testing.assert_allclose(
        np.asarray(ours(x, training=True))[:10], reference(x[:10], training=True), atol=1e-5
    )
    np.testing.assert_allclose(ours.moving_variance, reference.moving_variance, rtol=1e-5)


def test_batch_normalization_of_two_ranks_is_that_of_one_and_so_is_its_gradient() -> None:
    x = tf.constant(maps(16))
    slopes = tf.constant(maps(16, seed=1))
    # A momentum of 1 holds the moving mean, so that a rank can be run twice in one graph.
    layer = normalization(context_of(range(16)), momentum=1.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x, training=True) * slopes)
        alone = layer.context
        halves = [(x[:8], context_of(range(8))), (x[8:], context_of(range(8, 16)))]
        sums = [_sums(layer, *half) for half in halves]
        shared = []
        for (rows, context), others in zip(halves, reversed(sums), strict=True):
            layer.context = replace(context, total=partial(tf.add, others))
            shared.append(layer(rows, training=True))
        loss_shared = tf.reduce_sum(tf.concat(shared, 0) * slopes)
        layer.context = alone
    np.testing.assert_allclose(tf.concat(shared, 0), layer(x, training=True), atol=1e-5)
    for target in (x, layer.gamma.value, layer.beta.value):
        one, two = tape.gradient(loss, target), tape.gradient(loss_shared, target)
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-4)


def _sums(layer: LaneBatchNormalization, rows: tf.Tensor, context: LaneContext) -> tf.Tensor:
    recorded: list[tf.Tensor] = []

    def record(tensor: tf.Tensor) -> tf.Tensor:
        recorded.append(tensor)
        return tensor

    layer.context = replace(context, total=record)
    layer(rows, training=True)
    return recorded[0]


def test_moving_statistics_of_two_ranks_are_bitwise_the_same() -> None:
    x = maps(16)
    layers = [normalization(context_of(range(8))), normalization(context_of(range(8, 16)))]
    parts = [
        _sums(layer, x[at : at + 8], layer.context)
        for layer, at in zip(layers, (0, 8), strict=True)
    ]
    for layer in layers:
        layer.moving_mean.assign(np.zeros(6))
        layer.moving_variance.assign(np.ones(6))
        layer.context = replace(layer.context, total=lambda _: parts[0] + parts[1])
        layer(x[:8], training=True)
    np.testing.assert_array_equal(layers[0].moving_mean, layers[1].moving_mean)
    np.testing.assert_array_equal(layers[0].moving_variance, layers[1].moving_variance)
    np.testing.assert_allclose(layers[0].moving_mean, 0.1 * x.mean((0, 1, 2)), rtol=1e-5)


def test_a_small_variance_around_a_large_mean_is_not_lost_to_rounding() -> None:
    layer = normalization(context_of(range(64)), momentum=0.0)
    x = np.random.default_rng(0).normal(1e4, 1.0, (64, 8, 8, 1)).astype(np.float32)
    layer(x, training=True)
    layer(x, training=True)
    np.testing.assert_allclose(layer.moving_variance, x.astype(np.float64).var(), rtol=1e-3)
