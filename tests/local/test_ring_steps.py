"""What one step computes, against the same computed by hand on the whole batch."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from farandole.api.errors import RingError
from farandole.ring.collective import Collective, SingleProcess
from farandole.ring.learner import Fitted, Learner, Rows, Settings
from farandole.ring.threads import Threads
from farandole.ring.training import fit
from tests.support.ring_learning import (
    CLASSES,
    accuracy,
    cross_entropy,
    dense,
    learner,
    rows,
    same_bits,
    weights,
)

ONE_STEP = Settings(global_batch=64, lanes=16, epochs=1)
RATE = 0.5


def linear(**changes: Any) -> Learner:
    """A linear network trained by plain SGD, so that a step shows its gradient."""
    model = keras.Sequential([keras.Input([20]), dense(CLASSES, "outputs")])
    return plain(model, **changes)


def plain(model: Any, **changes: Any) -> Learner:
    return replace(
        learner(model), optimizer=keras.optimizers.SGD(9.0), schedule=lambda _: RATE, **changes
    )


def by_hand(made: Learner, train: Rows) -> list[Any]:
    """The gradient of sum(w * loss) / sum(w) over all rows."""
    variables = [v.value for v in made.model.trainable_variables]
    with tf.GradientTape() as tape:
        losses = cross_entropy(train.y, made.model(train.x[0]))
        loss = tf.reduce_sum(losses * train.weight) / tf.reduce_sum(train.weight)
    return [tf.convert_to_tensor(g).numpy() for g in tape.gradient(loss, variables)]


def stepped(
    make: Callable[[], Learner], train: Rows, settings: Settings = ONE_STEP, ranks: int = 3
) -> tuple[list[Any], Fitted]:
    """The gradients that one step of `ranks` ranks applied."""

    def program(ring: Collective) -> tuple[list[Any], Fitted]:
        made = make()
        before = [v.numpy() for v in made.model.trainable_variables]
        fitted = fit(made, train, None, settings, ring)
        after = [v.numpy() for v in made.model.trainable_variables]
        return [(b - a) / RATE for b, a in zip(before, after, strict=True)], fitted

    return Threads(ranks).run(program)[0]


def close(ours: list[Any], theirs: list[Any]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("count", [1, 5, 63, 64])
def test_a_step_applies_the_weighted_mean_gradient_whatever_places_are_missing(count: int) -> None:
    train = rows(count, copies=1)
    gradients, fitted = stepped(linear, train)
    close(gradients, by_hand(linear(), train))
    assert fitted.steps == 1


def test_the_penalty_is_added_once_however_many_ranks_there_are() -> None:
    def make() -> Learner:
        made = linear()
        kernel = made.model.trainable_variables[0]
        return replace(made, penalty=lambda: 0.05 * tf.reduce_sum(kernel**2))

    train = rows(64, copies=1)
    kernel, bias = by_hand(linear(), train)
    first = linear().model.trainable_variables[0].numpy()
    close(stepped(make, train)[0], [kernel + 0.1 * first, bias])


def test_clipping_bounds_the_norm_of_the_whole_rings_gradient() -> None:
    train = rows(64, copies=1)
    theirs = by_hand(linear(), train)
    norm = np.sqrt(sum(float(np.sum(g**2)) for g in theirs))
    settings = replace(ONE_STEP, clip_norm=norm / 4)
    close(stepped(linear, train, settings)[0], [g / 4 for g in theirs])


def test_pixels_travel_as_bytes_and_embeddings_have_their_dense_gradient() -> None:
    def make() -> Learner:
        first = keras.initializers.GlorotUniform(seed=4)
        embedding = keras.layers.Embedding(300, 4, embeddings_initializer=first)
        inputs = keras.Input([3])
        x = keras.layers.Flatten()(embedding(keras.ops.cast(inputs, "int32")))
        return plain(keras.Model(inputs, dense(CLASSES, "outputs")(x)))

    draw = np.random.default_rng(3)
    pixels = draw.integers(0, 256, (1, 20, 3), dtype=np.uint8)
    train = replace(rows(20, copies=1), x=pixels)
    close(stepped(make, train)[0], by_hand(make(), train))


def normalised(ring: Collective) -> Learner:
    layers = [dense(8, "hidden"), keras.layers.BatchNormalization(), dense(CLASSES, "outputs")]
    return learner(keras.Sequential([keras.Input([20]), *layers]))


def test_statistics_that_each_rank_moves_by_its_own_rows_stay_the_same_on_all_ranks() -> None:
    settings = Settings(global_batch=16, lanes=8, epochs=3, digest_every=1)

    def program(ring: Collective) -> Any:
        made = normalised(ring)
        fit(made, rows(60), rows(20, copies=1), settings, ring)
        return weights(made.model)

    first, second, third = Threads(3).run(program)
    assert same_bits(first, second)
    assert same_bits(first, third)
    mean = next(value for name, value in first.items() if "moving_mean" in name)
    assert np.abs(mean).max() > 0.01


def half(scale: float = 1.0) -> Learner:
    """A half-precision network; a large `scale` of its loss overflows the scaled gradient."""
    inner = dense(8, "hidden", dtype="mixed_float16")
    model = keras.Sequential(
        [keras.Input([20]), inner, dense(CLASSES, "outputs", dtype="mixed_float16")]
    )
    made = plain(model, loss=lambda y, outputs: cross_entropy(y, outputs) * scale)
    return replace(made, schedule=lambda _: RATE / 10 / scale)


def test_half_precision_skips_steps_that_overflow_until_its_scale_fits() -> None:
    settings = Settings(global_batch=16, lanes=8, epochs=4, precision="mixedFloat16")

    def program(ring: Collective) -> tuple[Any, Fitted]:
        made = half(scale=64.0)
        fitted = fit(made, rows(100), rows(20, copies=1), settings, ring)
        return weights(made.model), fitted

    (one, fitted), (two, _) = Threads(2).run(program)
    assert 1 <= fitted.skipped <= 10
    assert fitted.steps == 28
    assert same_bits(one, two)
    assert all(np.isfinite(value).all() for value in one.values())


def test_half_precision_that_overflows_at_every_scale_stops() -> None:
    settings = Settings(global_batch=16, lanes=8, epochs=9, precision="mixedFloat16")
    with pytest.raises(RingError, match=r"the gradient of .*kernel"):
        fit(half(scale=1e8), rows(100), None, settings, SingleProcess())


def test_a_nan_stops_half_precision_too() -> None:
    settings = Settings(global_batch=16, lanes=8, epochs=1, precision="mixedFloat16")
    train = rows(100, copies=1)
    train.x[0, 17] = np.nan
    with pytest.raises(RingError, match="row-17"):
        fit(half(), train, None, settings, SingleProcess())


def test_the_train_figures_of_an_epoch_are_exact_over_all_its_steps_and_ranks() -> None:
    train = rows(150, copies=1)
    settings = Settings(global_batch=16, lanes=16, epochs=1)

    def program(ring: Collective) -> Any:
        still = replace(linear(), schedule=lambda _: 0.0)
        return fit(still, train, None, settings, ring).history[0].train

    losses = cross_entropy(train.y, linear().model(train.x[0])).numpy()
    told = Threads(3).run(program)[0]
    assert told["loss"] == pytest.approx(np.average(losses, weights=train.weight), rel=1e-5)


def test_validation_is_exact_and_weighted_over_all_ranks() -> None:
    held = rows(77, copies=1, seed=5)

    def program(ring: Collective) -> Any:
        made = linear()
        fitted = fit(made, rows(64, copies=1), held, ONE_STEP, ring)
        return fitted.history[0].validation, made.model(held.x[0]).numpy()

    told, outputs = Threads(3).run(program)[0]
    losses = cross_entropy(held.y, outputs).numpy().astype(np.float64)
    hits = accuracy(held.y, outputs).numpy()
    assert told["loss"] == pytest.approx(np.average(losses, weights=held.weight), rel=1e-5)
    assert told["accuracy"] == pytest.approx(np.average(hits, weights=held.weight), rel=1e-6)


def test_a_nan_in_a_validation_row_is_named() -> None:
    held = rows(77, copies=1, seed=5)
    held.x[0, 41, 3] = np.inf

    with pytest.raises(RingError, match=r"after step 1: .* finite validation loss.*row-41"):
        Threads(2).run(lambda ring: fit(linear(), rows(64), held, ONE_STEP, ring))
