"""Metrics are scikit-learn's, whichever way they are computed."""

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn import metrics as sk

from farandole.evaluation import METRICS, HeldOut, Predictions, higher_is_better, metrics, score
from farandole.evaluation.resampling import resampled_scores
from tests.support.evaluation_rows import alone, classified, labelled, measured, saying

OF_CLASSES = [name for name, each in METRICS.items() if each.reads != "values"]
OF_VALUES = [name for name, each in METRICS.items() if each.reads == "values"]


def resampled_whole(name: str, held: HeldOut, predicted: Predictions) -> float:
    """With one cluster every resample is the rows themselves."""
    whole = HeldOut(held.y, ["one"] * held.rows, held.weight)
    return float(resampled_scores(name, whole, [predicted], seed=0, resamples=1)[0, 0])


@pytest.mark.parametrize("name", OF_CLASSES)
@given(case=classified())
@settings(max_examples=25)
def test_the_bootstrap_scores_classes_as_scikit_learn_does(
    name: str, case: tuple[HeldOut, Predictions]
) -> None:
    held, predicted = case
    expected = score(name, held, predicted)
    assert resampled_whole(name, held, predicted) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("name", OF_VALUES)
@given(case=measured())
@settings(max_examples=25)
def test_the_bootstrap_scores_values_as_scikit_learn_does(
    name: str, case: tuple[HeldOut, Predictions]
) -> None:
    held, predicted = case
    assert resampled_whole(name, held, predicted) == pytest.approx(score(name, held, predicted))


def test_balanced_accuracy_counts_every_class_alike() -> None:
    held = labelled([0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    all_zero = saying([0] * 10)
    assert score("accuracy", held, all_zero) == 0.8
    assert score("balancedAccuracy", held, all_zero) == 0.5


def test_the_threshold_turns_a_probability_into_a_label() -> None:
    predicted = Predictions(np.array([[0.7, 0.3], [0.4, 0.6]]), threshold=0.25)
    assert predicted.labels.tolist() == [1, 1]


def test_rows_of_other_folds_keep_their_own_threshold() -> None:
    p = np.array([[0.7, 0.3], [0.7, 0.3], [0.4, 0.6]])
    predicted = Predictions(p, threshold=np.array([0.25, 0.5, 0.7]))
    assert predicted.labels.tolist() == [1, 0, 0]
    assert predicted.take(np.array([2, 0])).labels.tolist() == [0, 1]


def test_a_weight_counts_as_so_many_rows() -> None:
    once = labelled([0, 1, 1, 0, 0])
    predicted = saying([0, 1, 0, 0, 1])
    weighted = HeldOut(once.y, alone(5), np.array([1.0, 1.0, 3.0, 1.0, 2.0]))
    repeated = labelled([0, 1, 1, 1, 1, 0, 0, 0])
    expected = score("f1Macro", repeated, saying([0, 1, 0, 0, 0, 0, 1, 1]))
    assert score("f1Macro", weighted, predicted) == pytest.approx(expected)


def test_regression_is_in_original_units_and_on_the_log_scale_too() -> None:
    y, said = np.array([100.0, 200.0, 400.0]), np.array([110.0, 180.0, 400.0])
    found = metrics("TabularRegression", HeldOut(y, alone(3)), Predictions(said), forward=np.log)
    assert found["rmse"] == pytest.approx(sk.root_mean_squared_error(y, said))
    assert found["rmseLog"] == pytest.approx(sk.root_mean_squared_error(np.log(y), np.log(said)))
    assert set(found) == {"rmse", "mae", "r2", "rmseLog"}


def test_a_metric_that_the_rows_do_not_define_is_left_out() -> None:
    found = metrics("ImageClassification", labelled([1, 1, 1]), saying([1, 0, 1]))
    assert "rocAuc" not in found
    assert found["accuracy"] == pytest.approx(2 / 3)


def test_single_precision_probabilities_are_scored_like_double() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(3), 50)
    held = labelled((np.arange(50) % 3).tolist())
    single = Predictions(p.astype(np.float32).astype(np.float64))
    assert score("logLoss", held, single) == pytest.approx(score("logLoss", held, Predictions(p)))


def test_errors_are_better_when_they_are_less() -> None:
    less = {"logLoss", "rmse", "mae"}
    assert {name for name in METRICS if not higher_is_better(name)} == less


def test_an_unknown_metric_is_named_beside_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"expected one of balancedAccuracy.*received recall"):
        score("recall", labelled([0, 1]), saying([0, 1]))
