"""Ranks of one machine that share memory."""

import threading
from pathlib import Path

import numpy as np
import pytest

from farandole.api.errors import RingError
from farandole.ring.collective import Collective
from farandole.ring.heartbeat import Silent
from farandole.ring.host_ring import ALL_ADD, SMALL, HostRing
from tests.support.ring_host import on_host


@pytest.mark.parametrize("size", [2, ALL_ADD + 1, ALL_ADD + 4])
@pytest.mark.parametrize("numbers", [1, 7, SMALL // 4 + 1, 100_003])
def test_sums_are_added_in_the_order_of_ranks_however_they_are_shared_out(
    size: int, numbers: int
) -> None:
    terms = np.random.default_rng(size).normal(size=(size, numbers)).astype(np.float32)
    expected = terms[0]
    for term in terms[1:]:
        expected = expected + term
    for total in on_host(size, lambda ring: ring.sum(terms[ring.rank])):
        assert total.tobytes() == expected.tobytes()


def test_a_sum_stays_what_it_was_when_the_next_ones_are_taken() -> None:
    def program(ring: Collective) -> list[float]:
        totals = [ring.sum(np.full(1000, float(step))) for step in range(20)]
        return [float(total.min()) for total in totals]

    assert on_host(3, program) == [[3.0 * step for step in range(20)]] * 3


def test_a_rank_that_leaves_breaks_the_calls_of_all_others() -> None:
    said: list[str] = []

    def program(ring: HostRing) -> None:
        if ring.rank == 2:
            return
        for call in (ring.barrier, lambda: ring.gather(1), lambda: ring.sum(np.zeros(3))):
            with pytest.raises(RingError, match="another rank stopped or hung") as error:
                call()
            said.append(str(error.value))

    on_host(3, program)
    assert len(said) == 6
    assert any("rank 2" in each for each in said)


def test_a_rank_that_never_comes_is_named(tmp_path: Path) -> None:
    with pytest.raises(RingError, match=r"expected 2 other ranks, rank \[1, 2\] did not come"):
        HostRing(tmp_path / "ring", 0, 3, Silent(), patience=0.0)


def test_a_rank_that_hangs_is_not_waited_for_longer_than_the_patience() -> None:
    given_up = threading.Event()

    def program(ring: HostRing) -> None:
        if ring.rank == 1:
            assert given_up.wait(30)
            return
        with pytest.raises(RingError, match="rank 1: it said nothing for too long"):
            ring.barrier()
        given_up.set()

    on_host(2, program, patience=1.0)


def test_ranks_in_different_calls_are_told_so() -> None:
    def program(ring: HostRing) -> None:
        with pytest.raises(RingError, match=r"all ranks in the same call|another rank"):
            ring.sum(np.zeros(3 + ring.rank, np.float32))

    on_host(2, program)
