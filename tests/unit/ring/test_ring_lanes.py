import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farandole.api.errors import RingError
from farandole.ring.lanes import MISSING, Lanes, check_ranks, copies_of, imbalance, lanes_of

ROWS = st.integers(1, 300)


@st.composite
def dealt(draw: st.DrawFn) -> Lanes:
    lanes = draw(st.integers(1, 24))
    return Lanes(draw(ROWS), lanes * draw(st.integers(1, 5)), lanes)


@st.composite
def ringed(draw: st.DrawFn) -> tuple[Lanes, int]:
    lanes = draw(dealt())
    return lanes, draw(st.integers(1, lanes.lanes))


def epoch_of(lanes: Lanes, ranks: int, seed: int, epoch: int) -> list[list[list[int]]]:
    """positions[rank][step]"""
    orders = [lanes.epoch(seed, epoch, lanes_of(rank, ranks, lanes.lanes)) for rank in range(ranks)]
    return [
        [order.batch(step).positions.tolist() for step in range(lanes.steps)] for order in orders
    ]


@given(ringed(), st.integers(0, 2**32), st.integers(0, 1000))
def test_each_epoch_visits_each_row_exactly_once(
    case: tuple[Lanes, int], seed: int, epoch: int
) -> None:
    lanes, ranks = case
    visits = [p for rank in epoch_of(lanes, ranks, seed, epoch) for step in rank for p in step]
    assert sorted(p for p in visits if p != MISSING) == list(range(lanes.rows))


@given(ringed())
def test_all_ranks_take_the_same_number_of_steps_of_constant_size(case: tuple[Lanes, int]) -> None:
    lanes, ranks = case
    for rank, steps in enumerate(epoch_of(lanes, ranks, 7, 0)):
        owned = len(lanes_of(rank, ranks, lanes.lanes))
        assert [len(step) for step in steps] == [owned * lanes.width] * lanes.steps


@given(ringed(), st.integers(0, 100))
def test_the_rows_of_every_step_are_the_same_for_any_number_of_ranks(
    case: tuple[Lanes, int], epoch: int
) -> None:
    lanes, ranks = case
    alone = epoch_of(lanes, 1, 7, epoch)[0]
    together = epoch_of(lanes, ranks, 7, epoch)
    for step in range(lanes.steps):
        assert [p for rank in together for p in rank[step]] == alone[step]


@given(dealt())
def test_lanes_differ_by_one_row_at_most_and_own_the_positions_congruent_to_them(
    lanes: Lanes,
) -> None:
    sizes = [len(lanes.rows_of(lane)) for lane in range(lanes.lanes)]
    assert max(sizes) - min(sizes) <= 1
    assert all(p % lanes.lanes == lane for lane in range(lanes.lanes) for p in lanes.rows_of(lane))


@given(ringed())
def test_ranks_own_every_lane_once_in_blocks_that_differ_by_one_at_most(
    case: tuple[Lanes, int],
) -> None:
    lanes, ranks = case
    owned = [lanes_of(rank, ranks, lanes.lanes) for rank in range(ranks)]
    assert [lane for block in owned for lane in block] == list(range(lanes.lanes))
    assert max(map(len, owned)) - min(map(len, owned)) <= 1


@given(dealt(), st.integers(0, 20))
def test_a_missing_place_comes_only_after_a_lanes_last_row(lanes: Lanes, epoch: int) -> None:
    order = lanes.epoch(3, epoch, tuple(range(lanes.lanes)))
    lines = order.positions.reshape(lanes.lanes, -1)
    assert all(np.all(np.diff((line == MISSING).astype(int)) >= 0) for line in lines)


def test_an_epoch_has_as_many_steps_as_its_longest_lane_needs() -> None:
    assert Lanes(rows=1, global_batch=64, lanes=16).steps == 1
    assert Lanes(rows=65, global_batch=64, lanes=16).steps == 2
    assert Lanes(rows=5, global_batch=4, lanes=4).steps == 2


def test_the_order_changes_with_seed_epoch_and_lane_and_with_nothing_else() -> None:
    lanes = Lanes(rows=4000, global_batch=64, lanes=4)
    order = lanes.order(seed=1, epoch=2, lane=3)
    np.testing.assert_array_equal(order, lanes.order(seed=1, epoch=2, lane=3))
    assert order[:4].tolist() == [3991, 215, 415, 1495]  # the stream stays fixed between releases
    for other in (lanes.order(2, 2, 3), lanes.order(1, 3, 3), lanes.order(1, 2, 2)):
        assert np.any(other // 4 != order // 4)


def test_a_batch_says_lane_and_place_of_each_row() -> None:
    batch = Lanes(rows=100, global_batch=8, lanes=4).batch(7, 0, 0, (2, 3))
    assert batch.lanes.tolist() == [2, 2, 3, 3]
    assert batch.places.tolist() == [0, 1, 0, 1]


def test_lanes_that_do_not_divide_the_batch_are_refused_with_the_nearest_that_do() -> None:
    with pytest.raises(RingError, match=r"divisor of globalBatch 64, received 24; use 16 or 32"):
        Lanes(rows=10, global_batch=64, lanes=24)


def test_more_ranks_than_lanes_are_refused_with_the_most_that_work() -> None:
    with pytest.raises(RingError, match=r"expected 1 to 16 .* received 17; use 16"):
        check_ranks(17, 16)
    with pytest.raises(RingError, match=r"received 0; use 1"):
        check_ranks(0, 16)


def test_uneven_shares_over_ten_percent_get_a_better_number_of_ranks() -> None:
    assert check_ranks(3, 64) is None
    notice = check_ranks(3, 16)
    assert notice is not None
    assert "12% more work" in notice
    assert "2 or 4 ranks would be even" in notice


@given(st.integers(1, 64), st.integers(1, 64))
def test_a_notice_names_only_numbers_of_ranks_without_a_notice(ranks: int, lanes: int) -> None:
    if ranks > lanes:
        return
    notice = check_ranks(ranks, lanes)
    assert (notice is not None) == (imbalance(ranks, lanes) > 0.10)
    if notice is not None:
        offered = notice.split("; ")[1].removesuffix(" ranks would be even").split(" or ")
        assert all(check_ranks(int(n), lanes) is None for n in offered)


@given(st.integers(0, 2**40), st.integers(0, 500), st.integers(1, 9))
def test_a_rows_copy_depends_on_seed_epoch_and_position_alone(
    seed: int, epoch: int, copies: int
) -> None:
    positions = np.arange(50)
    together = copies_of(seed, epoch, positions, copies)
    assert together.min() >= 0
    assert together.max() < copies
    np.testing.assert_array_equal(together[30:], copies_of(seed, epoch, positions[30:], copies))


def test_all_copies_are_used_about_equally() -> None:
    counts = np.bincount(copies_of(7, 3, np.arange(30_000), 3))
    assert counts.min() > 9_700
