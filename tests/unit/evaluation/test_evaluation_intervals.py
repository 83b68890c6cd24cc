"""Intervals: paired, clustered by duplicates, and the same from the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farandole.api.errors import DataError
from farandole.evaluation import METRICS, HeldOut, Predictions, interval
from tests.support.evaluation_rows import alone, balanced_rows, classified, labelled, right_in


def test_a_model_does_not_beat_itself() -> None:
    held = balanced_rows(100)
    model = right_in(0.8, held.y)
    same = interval("balancedAccuracy", held, model, model)
    assert (same.difference, same.low, same.high) == (0, 0, 0)
    assert not same.above_zero


def test_a_clearly_better_model_has_its_interval_above_zero() -> None:
    held = balanced_rows(300)
    gain = interval("balancedAccuracy", held, right_in(0.95, held.y), right_in(0.7, held.y, 1))
    assert 0 < gain.low < gain.difference < gain.high
    assert gain.above_zero


def test_a_smaller_error_is_a_gain() -> None:
    y = np.arange(1.0, 101.0)
    noise = np.random.default_rng(0).normal(0, 1, 100)
    near, far = Predictions(y + noise), Predictions(y + 5 * noise)
    assert interval("rmse", HeldOut(y, alone(100)), near, far).above_zero
    assert interval("rmse", HeldOut(y, alone(100)), far, near).below_zero


def test_interval_agrees_with_a_plain_loop_over_resamples() -> None:
    held = balanced_rows(120)
    good, bad = right_in(0.9, held.y), right_in(0.75, held.y, 1)
    random, differences = np.random.default_rng(5), []
    for _ in range(4000):
        drawn = random.integers(0, 120, 120)
        differences.append(
            np.mean(good.labels[drawn] == held.y[drawn])
            - np.mean(bad.labels[drawn] == held.y[drawn])
        )
    gain = interval("accuracy", held, good, bad, seed=1)
    assert [gain.low, gain.high] == pytest.approx(
        np.quantile(differences, [0.025, 0.975]), abs=0.01
    )


@pytest.mark.parametrize("metric", [name for name in METRICS if METRICS[name].reads != "values"])
def test_copies_of_a_row_add_no_certainty(metric: str) -> None:
    held = balanced_rows(60)
    model, rival = right_in(0.9, held.y), right_in(0.6, held.y, 1)
    thrice = np.tile(np.arange(60), 3)
    once = interval(metric, held, model, rival, seed=3)
    copied = interval(metric, held.take(thrice), model.take(thrice), rival.take(thrice), seed=3)
    assert copied.model_dump() == pytest.approx(once.model_dump())


def test_clusters_widen_the_interval() -> None:
    y = np.repeat(np.arange(40) % 2, 10)
    model = Predictions(np.repeat(right_in(0.85, y[::10]).values, 10, axis=0))
    rival = Predictions(np.repeat(right_in(0.6, y[::10], 1).values, 10, axis=0))
    clusters = [f"picture-{row // 10}" for row in range(400)]
    apart = interval("accuracy", HeldOut(y, alone(400)), model, rival)
    together = interval("accuracy", HeldOut(y, clusters), model, rival)
    assert together.high - together.low > 2 * (apart.high - apart.low)


@given(case=classified(), seed=st.integers(0, 1000))
@settings(max_examples=25)
def test_the_order_of_rows_does_not_move_an_interval(
    case: tuple[HeldOut, Predictions], seed: int
) -> None:
    held, model = case
    rival = Predictions(model.values[:, ::-1].copy())
    order = np.random.default_rng(seed).permutation(held.rows)
    one = interval("logLoss", held, model, rival, seed=seed, resamples=50)
    other = interval(
        "logLoss", held.take(order), model.take(order), rival.take(order), seed=seed, resamples=50
    )
    assert one.model_dump() == pytest.approx(other.model_dump())


def test_the_seed_decides_the_resamples() -> None:
    held = balanced_rows(80)
    model, rival = right_in(0.9, held.y), right_in(0.7, held.y, 1)
    first = interval("accuracy", held, model, rival, seed=1)
    assert interval("accuracy", held, model, rival, seed=1) == first
    assert interval("accuracy", held, model, rival, seed=2) != first


def test_more_confidence_is_a_wider_interval() -> None:
    held = balanced_rows(80)
    model, rival = right_in(0.9, held.y), right_in(0.7, held.y, 1)
    narrow = interval("accuracy", held, model, rival, confidence=0.8)
    wide = interval("accuracy", held, model, rival, confidence=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_rows_that_cannot_carry_the_metric_are_refused() -> None:
    one_class = labelled([1, 1, 1, 1])
    with pytest.raises(DataError, match="rocAuc: expected held-out rows that define it"):
        interval("rocAuc", one_class, right_in(0.5, one_class.y), right_in(0.5, one_class.y))


def test_rows_that_do_not_line_up_are_refused() -> None:
    with pytest.raises(DataError, match="expected one length above 0"):
        HeldOut(np.array([0, 1]), ["a"])
