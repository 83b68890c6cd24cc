from dataclasses import replace

import pytest

from farandole.launch.rank import Record
from farandole.launch.restarts import Bounds, Course, after_loss, is_machines, resized

ENDED = Record(rank=1, supervisor=10, program=11, started=1.0, ended=9.0, code=1)


def lost(course: Course, *reached: int | None, bounds: Bounds | None = None) -> Course | None:
    """The life after lives that were lost in these steps."""
    after: Course | None = course
    for step in reached:
        assert after is not None
        after = after_loss(after, step, bounds, allowed=3)
    return after


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGBUS", "SIGABRT"])
def test_a_signal_is_the_machines(name: str) -> None:
    assert is_machines(replace(ENDED, code=-9, signal=name))


@pytest.mark.parametrize("code", [None, -9])
def test_a_lost_supervisor_is_the_machines(code: int | None) -> None:
    assert is_machines(replace(ENDED, code=code, ended=None))


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 127, 130])
def test_an_exit_code_is_the_programs(code: int) -> None:
    assert not is_machines(replace(ENDED, code=code))


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_that_asks_is_somebodys(name: str) -> None:
    assert not is_machines(replace(ENDED, code=-15, signal=name))


def test_a_ring_that_gets_on_starts_again_for_ever_and_at_once() -> None:
    after = lost(Course(2), *range(100))
    assert after == Course(2, life=101, furthest=99, restarts=1)
    assert after.wait_seconds == 0


@pytest.mark.parametrize("first", [None, 118])
def test_a_ring_that_does_not_get_on_has_three_restarts(first: int | None) -> None:
    given_up = [None, None, None, None] if first is None else [first, 3, None, first]
    assert lost(Course(2), *given_up[:3]) is not None
    assert lost(Course(2), *given_up) is None


def test_each_restart_without_a_new_step_waits_longer_and_none_for_ever() -> None:
    waits = [Course(2, restarts=count).wait_seconds for count in (1, 2, 3, 4, 50)]
    assert waits == [0, 1, 2, 4, 30]


def test_a_ring_lost_twice_at_one_step_shrinks_and_starts_its_budget_anew() -> None:
    bounds = Bounds(1, 3)
    assert lost(Course(3), 118, bounds=bounds) == Course(3, 2, 118, 1)
    assert lost(Course(3), 118, 118, bounds=bounds) == Course(2, 3, 118, 0)
    assert lost(Course(3), 118, 118, 118, 118, bounds=bounds) == Course(1, 5, 118, 0)


def test_a_ring_of_the_fewest_ranks_is_given_up_at_last() -> None:
    assert lost(Course(2), 5, 5, 5, 5, bounds=Bounds(2, 4)) is None
    assert lost(Course(2), *[5] * 3, bounds=Bounds(1, 4)) == Course(1, 4, 5, 1)
    assert lost(Course(2), *[5] * 6, bounds=Bounds(1, 4)) is None


def test_another_size_keeps_what_is_known_and_costs_no_restart() -> None:
    assert resized(Course(2, 4, 100, 3), 117, 3) == Course(3, 5, 117, 0)
    assert [Bounds(2, 4).nearest(ranks) for ranks in (1, 3, 9)] == [2, 3, 4]
