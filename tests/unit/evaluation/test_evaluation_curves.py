"""Confusion, ROC, calibration, residuals, and the rows that a person should look at."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from farandole.evaluation import (
    HeldOut,
    Predictions,
    calibration,
    confusion,
    residuals,
    roc,
    worst,
)
from tests.support.evaluation_rows import alone, labelled, saying

NAMES = ("ant", "bee", "cat")


def test_confusion_counts_true_by_predicted() -> None:
    found = confusion(labelled([0, 0, 1, 2]), saying([0, 1, 1, 1], 3), NAMES)
    assert found.counts == ((1, 1, 0), (0, 1, 0), (0, 1, 0))
    bee = found.each[1]
    assert (bee.name, bee.rows, bee.recall) == ("bee", 1, 1.0)
    assert bee.precision == pytest.approx(1 / 3)


def test_a_class_without_rows_is_still_in_the_matrix() -> None:
    found = confusion(labelled([0, 1]), saying([0, 1], 3), NAMES)
    assert [each.rows for each in found.each] == [1, 1, 0]


def test_a_binary_task_has_one_roc_curve() -> None:
    random = np.random.default_rng(0)
    y = np.arange(1000) % 2
    p = np.clip(0.5 + 0.2 * (y - 0.5) + random.normal(0, 0.2, 1000), 0.01, 0.99)
    (curve,) = roc(labelled(y.tolist()), Predictions(np.stack([1 - p, p], axis=1)), ("no", "yes"))
    assert curve.name == "yes"
    assert curve.area == pytest.approx(roc_auc_score(y, p))
    assert len(curve.false_positive_rate) <= 200
    assert (curve.false_positive_rate[0], curve.true_positive_rate[-1]) == (0.0, 1.0)


def test_more_classes_have_a_curve_each_unless_no_row_is_of_it() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(3), 20)
    curves = roc(labelled([0, 1] * 10), Predictions(p), NAMES)
    assert [curve.name for curve in curves] == ["ant", "bee"]


def test_honest_probabilities_are_calibrated_and_boastful_ones_are_not() -> None:
    random = np.random.default_rng(0)
    p = random.random(20_000)
    y = (random.random(20_000) < p).astype(np.int64)
    held = HeldOut(y, alone(20_000))
    honest = Predictions(np.stack([1 - p, p], axis=1))
    sure = (p > 0.5).astype(np.float64)
    boastful = Predictions(np.stack([1 - sure, sure], axis=1))
    assert calibration(held, honest, ("no", "yes")).expected_error < 0.02
    assert calibration(held, boastful, ("no", "yes")).expected_error > 0.2


def test_bins_hold_every_row_and_a_certain_one_too() -> None:
    p = np.array([0.0, 0.05, 0.5, 1.0])
    found = calibration(labelled([0, 1, 1, 1]), Predictions(np.stack([1 - p, p], 1)), ("no", "yes"))
    assert [(each.low, each.rows) for each in found.bins] == [(0.0, 2), (0.5, 1), (0.9, 1)]
    assert found.bins[0].stated == pytest.approx(0.025)
    assert found.bins[0].observed == 0.5
    assert found.expected_error == pytest.approx((2 * 0.475 + 0.5 + 0) / 4)


def test_of_more_classes_the_predicted_one_is_judged() -> None:
    found = calibration(labelled([0, 1, 1, 1]), saying([0, 1, 1, 2], 3), NAMES)
    assert found.of == "the predicted class"
    assert [(each.rows, each.observed) for each in found.bins] == [(4, 0.75)]


def test_the_worst_mistakes_are_the_surest_ones() -> None:
    p = np.array([[0.9, 0.1], [0.4, 0.6], [0.01, 0.99], [0.45, 0.55]])
    assert worst(labelled([0, 0, 0, 1]), Predictions(p)) == [2, 1]


def test_no_mistakes_are_none() -> None:
    assert worst(labelled([0, 1]), saying([0, 1])) == []


def test_the_worst_values_are_the_farthest_off() -> None:
    held = HeldOut(np.array([1.0, 2.0, 3.0]), alone(3))
    assert worst(held, Predictions(np.array([1.0, 7.0, 2.0])), limit=2) == [1, 2]


def test_residuals_are_in_original_units_and_bounded() -> None:
    y = np.arange(5000.0)
    found = residuals(HeldOut(y, alone(5000)), Predictions(y + 10), limit=100)
    assert len(found.true) == len(found.predicted) == 100
    assert set(found.quantiles.values()) == {10.0}
    assert list(found.quantiles) == ["0.05", "0.25", "0.5", "0.75", "0.95"]
