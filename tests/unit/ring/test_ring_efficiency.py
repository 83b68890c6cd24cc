from types import SimpleNamespace

import pytest

from farandole.ring.collective import Collective, SingleProcess
from farandole.ring.efficiency import Efficiency, efficiency_of, gradient_bytes
from farandole.ring.scaling import Wire
from farandole.ring.threads import Threads

WIRE = Wire(latency_seconds=1e-3, bytes_per_second=1e9)
FIRST = {"total": 20.0, "resume": 0.5, "input": 1.0, "compute": 10.0, "reduction": 4.0}
SECOND = {"total": 20.0, "resume": 0.5, "input": 1.0, "compute": 12.0, "reduction": 2.0}
BETWEEN = {"checkpoint": 1.0, "validation": 2.0, "digest": 0.5}


def two_ranks() -> list[Efficiency]:
    """The first rank computes faster, and waits for the second."""

    def program(ring: Collective) -> Efficiency:
        mine = {**(FIRST, SECOND)[ring.rank], **BETWEEN}
        return efficiency_of(ring, mine, 101, 64.0, 2_000_000, WIRE)

    return Threads(2).run(program)


def test_all_ranks_say_the_same_of_the_whole_ring() -> None:
    first, second = two_ranks()
    assert first == second
    assert (first.ranks, first.total) == (2, 20.0)


def test_every_second_is_told_once() -> None:
    seen = two_ranks()[0]
    assert sum(seen.seconds.values()) == pytest.approx(seen.total)
    assert sum(seen.shares.values()) == pytest.approx(1.0)
    assert seen.seconds["other"] == pytest.approx(1.0)


def test_waiting_is_what_a_rank_spent_at_the_sum_beyond_the_one_that_waited_least() -> None:
    seen = two_ranks()[0]
    assert seen.seconds["reduction"] == 2.0
    assert seen.seconds["waiting"] == 1.0
    assert seen.seconds["compute"] == 11.0


def test_parallel_efficiency_is_the_share_of_a_step_that_a_rank_alone_would_take_too() -> None:
    assert two_ranks()[0].parallel == pytest.approx(12 / 15)


def test_the_wires_limit_stands_beside_the_sum_that_was_seen() -> None:
    seen = two_ranks()[0]
    assert seen.wire_seconds == pytest.approx(2e6 / 1e9 + 2e-3)
    assert seen.reduction_seconds == pytest.approx(0.02)
    assert seen.of_wire == pytest.approx(0.2)


def test_rows_and_steps_are_those_of_the_whole_ring() -> None:
    seen = two_ranks()[0]
    assert seen.rows_per_second == pytest.approx(101 * 64 / 20)
    assert seen.step_seconds == pytest.approx(0.15)


def test_a_cost_counts_every_rank() -> None:
    assert two_ranks()[0].cost_at(price=90.0) == pytest.approx(1.0)


def test_one_rank_alone_reduces_nothing_and_has_no_wire() -> None:
    seen = efficiency_of(SingleProcess(), {**SECOND, "reduction": 0.0}, 10, 8.0, 100, None)
    assert (seen.parallel, seen.wire_seconds, seen.of_wire) == (1.0, None, None)
    assert not any(name.startswith("wire") for name in seen.figures())


def test_a_training_that_was_already_finished_divides_by_nothing() -> None:
    seen = efficiency_of(SingleProcess(), {"total": 0.0}, 0, 8.0, 100, None)
    assert (seen.rows_per_second, seen.step_seconds, seen.parallel) == (0.0, 0.0, 1.0)


def test_it_goes_through_json_and_back_with_all_of_its_figures() -> None:
    seen = two_ranks()[0]
    again = Efficiency.model_validate_json(seen.model_dump_json())
    assert again.figures() == seen.figures()
    assert {"share.compute", "parallel", "rows_per_second", "wire.of_least"} <= set(seen.figures())


def test_gradients_in_half_precision_are_half_the_bytes() -> None:
    model = SimpleNamespace(
        trainable_variables=[SimpleNamespace(shape=(1280, 64)), SimpleNamespace(shape=(64,))]
    )
    assert gradient_bytes(model) == 4 * 81_984
    assert gradient_bytes(model, "bfloat16") == 2 * 81_984
