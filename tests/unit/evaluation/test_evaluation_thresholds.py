"""The binary threshold leaves 0.5 only for a gain that validation rows can show."""

import numpy as np
import pytest
from numpy.typing import NDArray

from farandole.evaluation import HeldOut, Predictions, score, threshold
from tests.support.evaluation_rows import alone, labelled


def rare_positives(rows: int = 600, seed: int = 0) -> tuple[HeldOut, NDArray[np.float64]]:
    """5 % positives, ranked well but never called probable: what an imbalanced fit says."""
    random = np.random.default_rng(seed)
    y = (np.arange(rows) % 20 == 0).astype(np.int64)
    p = np.clip(0.05 + 0.2 * y + random.normal(0, 0.04, rows), 0.001, 0.999)
    return HeldOut(y, alone(rows)), np.stack([1 - p, p], axis=1)


@pytest.mark.parametrize("metric", ["balancedAccuracy", "f1Macro"])
def test_rare_positives_are_found_by_a_lower_threshold(metric: str) -> None:
    validation, p = rare_positives()
    cut = threshold(metric, validation, p)
    assert 0.08 < cut < 0.25
    test, q = rare_positives(seed=1)
    assert score(metric, test, Predictions(q, cut)) > score(metric, test, Predictions(q, 0.5)) + 0.2


def test_it_is_the_best_cut_there_is() -> None:
    validation, p = rare_positives()
    found = Predictions(p, threshold("balancedAccuracy", validation, p))
    others = [Predictions(p, cut) for cut in np.unique(p[:, 1])[::10]]
    best = max(score("balancedAccuracy", validation, each) for each in others)
    assert score("balancedAccuracy", validation, found) >= best


def test_one_lucky_row_moves_nothing() -> None:
    y = [0] * 16 + [1] * 16
    p = np.array([0.2] * 15 + [0.6] + [0.8] * 16)
    assert threshold("balancedAccuracy", labelled(y), np.stack([1 - p, p], axis=1)) == 0.5


@pytest.mark.parametrize("metric", ["logLoss", "rocAuc"])
def test_metrics_of_probabilities_leave_it_even(metric: str) -> None:
    validation, p = rare_positives()
    assert threshold(metric, validation, p) == 0.5


def test_a_model_that_says_one_probability_keeps_it_even() -> None:
    p = np.full((40, 2), 0.5)
    assert threshold("balancedAccuracy", labelled([0, 1] * 20), p) == 0.5
