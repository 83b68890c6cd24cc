"""Baselines: strong, fitted on train rows alone, the same from the same seed."""

import numpy as np
import pytest
from numpy.typing import NDArray

from farandole.api.errors import DataError
from farandole.evaluation import (
    HeldOut,
    Objective,
    Predictions,
    TrainRows,
    fit_baseline,
    leak_warning,
    raw_pixels,
    score,
    sizes,
)
from tests.support.evaluation_rows import Floats, alone, labelled

IMAGES = Objective("ImageClassification", "balancedAccuracy", ("dark", "bright"))
PRICES = Objective("TabularRegression", "rmse")


class Log:
    """The declared log transform."""

    def forward(self, values: Floats) -> Floats:
        return np.log(values)

    def inverse(self, values: Floats) -> Floats:
        return np.exp(values)


def pictures(rows: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Noise of which the second class is a little brighter."""
    y = np.arange(rows) % 2
    noise = np.random.default_rng(seed).normal(120, 60, (rows, 32, 32, 3))
    return np.clip(noise + 6 * y[:, None, None, None], 0, 255).astype(np.uint8), y


def houses(rows: int, seed: int = 0) -> tuple[Floats, Floats]:
    random = np.random.default_rng(seed)
    x = random.normal(0, 1, (rows, 4))
    return x, np.exp(12 + x @ np.array([0.4, 0.2, 0, 0]) + random.normal(0, 0.1, rows))


def test_the_linear_baseline_reads_raw_pixels() -> None:
    images, y = pictures(150)
    train = TrainRows(raw_pixels(images), y, alone(150))
    baseline = fit_baseline("linear", IMAGES, train, seed=0, reads="32x32 pixels")
    test, truth = pictures(100, seed=1)
    held = labelled(truth.tolist())
    assert score("balancedAccuracy", held, Predictions(baseline.predict(raw_pixels(test)))) > 0.8
    assert baseline.title == "logistic regression on 32x32 pixels"


def test_the_same_rows_and_seed_give_the_same_baseline() -> None:
    images, y = pictures(60)
    train = TrainRows(raw_pixels(images), y, alone(60))
    said = [fit_baseline("linear", IMAGES, train, seed=3).predict(train.x) for _ in range(2)]
    assert np.array_equal(said[0], said[1])


def test_regularisation_is_chosen_so_that_noise_is_not_believed() -> None:
    random = np.random.default_rng(0)
    train = TrainRows(random.normal(0, 1, (80, 300)), np.arange(80) % 2, alone(80))
    said = fit_baseline("linear", IMAGES, train, seed=0).predict(random.normal(0, 1, (200, 300)))
    assert np.abs(said - 0.5).max() < 0.2


def test_pictures_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected pictures \[n, 32, 32, c\]"):
        raw_pixels(np.zeros((2, 16, 16, 3), np.uint8))


def test_the_dummy_says_the_shares_of_the_classes() -> None:
    train = TrainRows(np.zeros((4, 1)), np.array([0, 1, 1, 1]), alone(4))
    said = fit_baseline("dummy", IMAGES, train, seed=0).predict(np.zeros((2, 1)))
    assert said.tolist() == [[0.25, 0.75]] * 2


def test_row_weights_count_in_the_dummy() -> None:
    train = TrainRows(np.zeros((2, 1)), np.array([0, 1]), alone(2), np.array([9.0, 1.0]))
    said = fit_baseline("dummy", IMAGES, train, seed=0).predict(np.zeros((1, 1)))
    assert said.tolist() == [[0.9, 0.1]]


@pytest.mark.parametrize("metric, best", [("rmse", 34.0), ("mae", 1.0)])
def test_the_dummy_regression_is_the_constant_that_the_metric_likes_best(
    metric: str, best: float
) -> None:
    train = TrainRows(np.zeros((3, 1)), np.array([1.0, 1.0, 100.0]), alone(3))
    baseline = fit_baseline("dummy", Objective("TabularRegression", metric), train, seed=0)
    assert baseline.predict(np.zeros((2, 1))).tolist() == [best, best]


def test_a_class_without_train_rows_has_probability_zero() -> None:
    objective = Objective("TabularClassification", "accuracy", ("a", "b", "c"))
    train = TrainRows(np.array([[0.0], [1.0]] * 10), np.array([0, 2] * 10), alone(20))
    said = fit_baseline("linear", objective, train, seed=0).predict(train.x)
    assert said.shape == (20, 3)
    assert not said[:, 1].any()
    assert np.array_equal(np.argmax(said, axis=1), train.y)


def test_one_class_alone_leaves_the_linear_baseline_a_dummy() -> None:
    train = TrainRows(np.arange(6.0)[:, None], np.ones(6, dtype=np.int64), alone(6))
    baseline = fit_baseline("linear", IMAGES, train, seed=0)
    assert baseline.name == "linear"
    assert baseline.predict(train.x).tolist() == [[0.0, 1.0]] * 6


def test_rare_classes_weigh_as_much_where_the_metric_counts_classes_alike() -> None:
    random = np.random.default_rng(0)
    y = (np.arange(2000) % 50 == 0).astype(np.int64)
    x = random.normal(0, 1, (2000, 2)) + 1.5 * y[:, None]
    held = labelled(y.tolist())
    balanced = fit_baseline("linear", IMAGES, TrainRows(x, y, alone(2000)), seed=0)
    assert score("balancedAccuracy", held, Predictions(balanced.predict(x))) > 0.8


def test_the_linear_regression_is_fitted_on_the_scale_of_the_target_transform() -> None:
    x, y = houses(300)
    test, truth = houses(200, seed=1)
    held = HeldOut(truth, alone(200))
    train = TrainRows(x, y, alone(300))
    plain = fit_baseline("linear", PRICES, train, seed=0)
    logged = fit_baseline("linear", PRICES, train, seed=0, transform=Log())
    errors = [score("rmse", held, Predictions(each.predict(test))) for each in (plain, logged)]
    assert errors[1] < 0.9 * errors[0]
    assert logged.title == "ridge regression on the encoded columns"


def test_a_row_far_outside_train_does_not_explode() -> None:
    x, y = houses(300)
    baseline = fit_baseline("linear", PRICES, TrainRows(x, y, alone(300)), seed=0, transform=Log())
    assert baseline.predict(np.full((1, 4), 100.0))[0] == pytest.approx(y.max())


def test_a_cap_on_rows_is_said() -> None:
    x = np.random.default_rng(0).normal(0, 1, (60_001, 1))
    baseline = fit_baseline("linear", PRICES, TrainRows(x, x[:, 0], alone(60_001)), seed=0)
    assert baseline.title.endswith(", fitted on 60,000 of 60,001 rows")
    assert baseline.predict(np.array([[2.0]]))[0] == pytest.approx(2.0, abs=0.01)


def test_no_rows_are_refused() -> None:
    with pytest.raises(DataError, match="expected train rows, received none"):
        fit_baseline("dummy", PRICES, TrainRows(np.zeros((0, 1)), np.zeros(0), []), seed=0)


def leak_of(bytes_of_class: int) -> str | None:
    """What the detector says of pictures whose second class has files larger by so many bytes."""
    random = np.random.default_rng(0)
    y = np.arange(200) % 2
    size = 50_000 + bytes_of_class * y + random.integers(0, 5_000, 200)
    x = sizes(np.full(200, 640), np.full(200, 480), size)
    train, test = np.arange(100), np.arange(100, 200)
    rows = TrainRows(x[train], y[train], alone(100))
    detector, dummy = (fit_baseline(kind, IMAGES, rows, seed=0) for kind in ("linear", "dummy"))
    found, share = Predictions(detector.predict(x[test])), Predictions(dummy.predict(x[test]))
    return leak_warning("balancedAccuracy", labelled(y[test].tolist()), found, share)


def test_file_sizes_that_give_the_class_away_are_warned_about() -> None:
    warning = leak_of(10_000)
    assert warning is not None
    assert warning.startswith(
        "Width, height and file size alone tell the classes apart: balanced accuracy 1.000"
    )


def test_file_sizes_that_say_nothing_are_not() -> None:
    assert leak_of(0) is None
