from farandole.ring.collective import Collective, SingleProcess
from farandole.ring.scaling import Wire, ring_seconds
from farandole.ring.threads import Threads
from farandole.ring.wire import LARGE, measure, wire_of


def test_ranks_agree_on_the_wire_that_they_measured() -> None:
    first, second = Threads(2).run(lambda ring: measure(ring))
    assert first == second
    assert first is not None
    assert 0 < first.latency_seconds < 1
    assert first.bytes_per_second > 1e6


def test_one_rank_alone_has_no_wire() -> None:
    assert measure(SingleProcess()) is None


def test_measuring_takes_a_known_number_of_sums() -> None:
    counted: list[int] = []

    def program(ring: Collective) -> Wire | None:
        ticks = iter(range(10_000))
        found = measure(ring, clock=lambda: float(next(ticks)))
        counted.append(next(ticks))
        return found

    Threads(2).run(program)
    assert counted == [34, 34]  # a tick before and one after each of 17 sums


def test_the_wire_that_is_solved_for_gives_back_what_was_measured() -> None:
    for ranks in (2, 3, 8):
        wire = wire_of(ranks, small=0.002, large=0.012)
        large = ring_seconds(4 * LARGE, ranks, wire)
        assert abs(large - 0.012) < 1e-9


def test_a_large_sum_that_took_no_longer_than_a_small_one_still_gives_a_bandwidth() -> None:
    assert wire_of(2, small=0.002, large=0.001).bytes_per_second == 4 * LARGE / 0.001
