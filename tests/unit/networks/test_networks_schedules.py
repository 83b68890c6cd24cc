from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farandole.api import (
    Adam,
    Constant,
    Cosine,
    Exponential,
    Optimizer,
    Piecewise,
    Schedule,
    Sgd,
)
from farandole.networks.schedules import schedule

SGD = Optimizer(sgd=Sgd(learning_rate=0.5))
ALL = [
    Schedule(constant=Constant(warmup_epochs=2)),
    Schedule(cosine=Cosine(warmup_epochs=2)),
    Schedule(exponential=Exponential(rate=0.5, warmup_epochs=2)),
]


def test_a_constant_schedule_keeps_the_declared_rate() -> None:
    rate = schedule(Schedule(constant=Constant()), Optimizer(adam=Adam()), 10, 3)
    assert [rate(step) for step in (0, 15, 29)] == [0.001] * 3


@pytest.mark.parametrize("declared", ALL)
def test_warm_up_grows_in_equal_steps_to_the_rate(declared: Schedule) -> None:
    rate = schedule(declared, SGD, 5, 20)
    assert [rate(step) for step in range(10)] == pytest.approx(
        [0.5 * (step + 1) / 10 for step in range(10)]
    )
    assert rate(10) == pytest.approx(0.5)


def test_a_cosine_ends_at_zero_on_the_last_step_and_stays_there() -> None:
    rate = schedule(Schedule(cosine=Cosine()), SGD, 10, 10)
    assert rate(0) == 0.5
    assert rate(99) == pytest.approx(0, abs=1e-12)
    assert rate(150) == pytest.approx(0, abs=1e-12)
    assert rate(33) == pytest.approx(0.375)


def test_an_exponential_schedule_multiplies_the_rate_every_epoch() -> None:
    rate = schedule(Schedule(exponential=Exponential(rate=0.5)), SGD, 4, 10)
    assert [rate(step) for step in (0, 4, 8)] == pytest.approx([0.5, 0.25, 0.125])


def test_a_piecewise_schedule_changes_at_the_first_step_of_an_epoch() -> None:
    declared = Schedule(piecewise=Piecewise(boundaries=(2, 3), values=(1, 0.1, 0.01)))
    rate = schedule(declared, SGD, 10, 5)
    assert [rate(step) for step in (0, 19, 20, 29, 30, 49)] == pytest.approx(
        [0.5, 0.5, 0.05, 0.05, 0.005, 0.005]
    )


@given(st.sampled_from(ALL), st.integers(1, 50), st.integers(1, 50), st.integers(0, 10_000))
def test_no_rate_is_negative_or_above_the_declared_one(
    declared: Schedule, steps: int, epochs: int, step: int
) -> None:
    assert 0 <= schedule(declared, SGD, steps, epochs)(step) <= 0.5
