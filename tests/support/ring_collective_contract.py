"""What every collective must do; `array` makes the kind of tensor that is summed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from farandole.ring.collective import Collective

AsTensor = Callable[[Any], Any]


def ranks_count_from_zero(ring: Collective, array: AsTensor) -> None:
    assert ring.gather(ring.rank) == list(range(ring.size))


def a_sum_adds_every_ranks_numbers(ring: Collective, array: AsTensor) -> None:
    total = np.asarray(ring.sum(array(np.array([1.5, ring.rank], np.float32))))
    assert total.dtype == np.float32
    assert total.tolist() == [1.5 * ring.size, sum(range(ring.size))]


def a_sum_is_bitwise_the_same_on_all_ranks(ring: Collective, array: AsTensor) -> None:
    mine = np.random.default_rng(ring.rank).normal(size=1000).astype(np.float32)
    total = np.asarray(ring.sum(array(mine))).tobytes()
    assert ring.gather(total) == [total] * ring.size


def a_sum_repeats_itself_bit_for_bit(ring: Collective, array: AsTensor) -> None:
    mine = np.random.default_rng(ring.rank).normal(size=777).astype(np.float32)
    totals = {np.asarray(ring.sum(array(mine))).tobytes() for _ in range(5)}
    assert len(totals) == 1


def sums_of_other_shapes_and_types_follow_each_other(ring: Collective, array: AsTensor) -> None:
    for size in (1, 3, 2, 64):
        for dtype in (np.float32, np.float64, np.int64):
            total = np.asarray(ring.sum(array(np.full((size, 2), size, dtype))))
            assert total.dtype == dtype
            assert np.all(total == size * ring.size)
            assert total.shape == (size, 2)


def a_nan_of_any_rank_survives_the_sum(ring: Collective, array: AsTensor) -> None:
    mine = np.full(3, np.nan if ring.rank == ring.size - 1 else 1.0, np.float32)
    assert np.isnan(np.asarray(ring.sum(array(mine)))).all()


def values_are_gathered_in_the_order_of_ranks(ring: Collective, array: AsTensor) -> None:
    told = ring.gather({"rank": ring.rank, "text": "x" * ring.rank})
    assert told == [{"rank": rank, "text": "x" * rank} for rank in range(ring.size)]


def a_gathered_value_is_a_copy(ring: Collective, array: AsTensor) -> None:
    mine = [ring.rank]
    ring.gather(mine)
    ring.gather(mine)[(ring.rank + 1) % ring.size].append(99)
    assert ring.size == 1 or mine == [ring.rank]


def a_broadcast_gives_all_ranks_the_roots_arrays(ring: Collective, array: AsTensor) -> None:
    root = ring.size - 1
    mine: list[NDArray[Any]] = [
        np.full((2, 3), ring.rank, np.float32),
        np.array(ring.rank, np.int64),
        np.array([], np.float32),
        np.full(4, ring.rank, np.float64)[::2],
    ]
    got = ring.broadcast(mine, root)
    assert [g.shape for g in got] == [(2, 3), (), (0,), (2,)]
    assert [g.dtype for g in got] == [m.dtype for m in mine]
    assert all(np.all(g == root) for g in got)


def a_broadcast_of_nothing_is_nothing(ring: Collective, array: AsTensor) -> None:
    assert ring.broadcast([]) == []


def a_barrier_lets_all_pass(ring: Collective, array: AsTensor) -> None:
    for _ in range(3):
        ring.barrier()


CONTRACT = (
    ranks_count_from_zero,
    a_sum_adds_every_ranks_numbers,
    a_sum_is_bitwise_the_same_on_all_ranks,
    a_sum_repeats_itself_bit_for_bit,
    sums_of_other_shapes_and_types_follow_each_other,
    a_nan_of_any_rank_survives_the_sum,
    values_are_gathered_in_the_order_of_ranks,
    a_gathered_value_is_a_copy,
    a_broadcast_gives_all_ranks_the_roots_arrays,
    a_broadcast_of_nothing_is_nothing,
    a_barrier_lets_all_pass,
)
