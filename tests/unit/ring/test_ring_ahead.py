"""Shares are prepared by a thread in the very order of the lanes, and nothing outlives its use."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from farandole.ring.ahead import ahead
from farandole.ring.feed import SMALL, Feed, Share
from farandole.ring.lanes import Lanes
from farandole.ring.learner import Rows

WIDE = SMALL // 8 // 4  # float32 numbers a row, so that a share of 8 rows is worth a thread


def rows(rows: int, copies: int = 2, width: int = 3) -> Rows:
    x = np.arange(copies * rows * width, dtype=np.float32).reshape(copies, rows, width)
    return Rows(x, np.arange(rows), np.ones(rows, np.float32), [str(i) for i in range(rows)])


def feed(count: int, width: int = 3) -> Feed:
    return Feed(rows(count, width=width), Lanes(count, 8, 4), (0, 1, 2, 3), seed=7)


def threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name == "farandole-ahead"]


def same(one: Share, other: Share) -> bool:
    pairs = ((one.x, other.x), (one.y, other.y), (one.weight, other.weight))
    return all(a.tobytes() == b.tobytes() for a, b in pairs) and np.array_equal(
        one.positions, other.positions
    )


@given(st.integers(1, 50), st.integers(0, 40), st.sampled_from([3, WIDE]))
def test_shares_from_any_step_are_those_of_an_uninterrupted_run(
    count: int, first: int, width: int
) -> None:
    fed = feed(count, width)
    with fed.shares(first, first + 5) as shares:
        taken = list(shares)
    alone = [fed.share(*divmod(step, fed.lanes.steps)) for step in range(first, first + 5)]
    assert len(taken) == 5
    assert all(same(one, other) for one, other in zip(taken, alone, strict=True))


def test_shares_go_on_over_epochs_for_as_long_as_they_are_taken() -> None:
    fed = feed(20)
    with fed.shares(0) as shares:
        taken = list(islice(shares, 10))
    assert [share.y.tolist() for share in taken[:3]] != [share.y.tolist() for share in taken[3:6]]
    assert sorted(y for share in taken[3:6] for y in share.y[share.weight > 0]) == list(range(20))


def test_wide_rows_are_prepared_by_a_thread_and_small_ones_are_not() -> None:
    with feed(20, WIDE).shares(0):
        assert threads()
    with feed(20).shares(0):
        assert not threads()


def test_shares_are_made_ready_by_the_thread_that_gathers_them() -> None:
    makers = list[str]()

    def ready(share: Share) -> Share:
        makers.append(threading.current_thread().name)
        return replace(share, x=-share.x)

    fed = feed(20, WIDE)
    with fed.shares(0, 3, ready) as shares:
        assert all(share.x.max() <= 0 for share in shares)
    assert makers == ["farandole-ahead"] * 3


def test_no_thread_is_left_after_an_early_stop() -> None:
    with feed(20, WIDE).shares(0) as shares:
        next(shares)
    assert not threads()


def test_no_thread_is_left_when_training_fails() -> None:
    def failing() -> None:
        with feed(20, WIDE).shares(0) as shares:
            next(shares)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert not threads()


@dataclass
class Torn:
    """Rows of which one cannot be read."""

    at: int
    shape: tuple[int, ...] = (1, 20, 3)
    dtype: Any = np.float32
    ndim: int = 3

    def __len__(self) -> int:
        return 1

    def __getitem__(self, key: Any) -> NDArray[Any]:
        if self.at in key[1]:
            raise OSError(f"row {self.at} cannot be read")
        return np.zeros((len(key[1]), 3), np.float32)


def test_what_cannot_be_read_is_raised_in_its_step_with_its_own_message() -> None:
    torn: Any = Torn(at=int(feed(20).share(0, 1).positions[5]))
    given = Rows(torn, np.arange(20), np.ones(20, np.float32), [])
    with Feed(given, Lanes(20, 8, 4), (0, 1, 2, 3), seed=7).shares(0) as shares:
        next(shares)
        with pytest.raises(OSError, match=f"row {torn.at} cannot be read"):
            next(shares)
    assert not threads()


def test_only_a_bounded_number_is_made_ahead() -> None:
    made = list[int]()

    def numbers() -> Iterator[int]:
        for number in count():
            made.append(number)
            yield number

    with ahead(numbers(), most=2) as taken:
        assert list(islice(taken, 5)) == [0, 1, 2, 3, 4]
    assert len(made) <= 5 + 2 + 1
