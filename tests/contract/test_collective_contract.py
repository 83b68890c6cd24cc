"""The collectives that need no Horovod; tests/local runs the same suite on Horovod."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from farandole.api.errors import RingError
from farandole.ring.collective import Collective, SingleProcess
from farandole.ring.threads import Threads
from tests.support.ring_collective_contract import CONTRACT, AsTensor
from tests.support.ring_host import on_host

Program = Callable[[Collective], Any]
Run = Callable[[Program], Any]
RINGS: dict[str, Run] = {
    "single": lambda program: program(SingleProcess()),
    "threads1": Threads(1).run,
    "threads2": Threads(2).run,
    "threads3": Threads(3).run,
    "host2": lambda program: on_host(2, program),
    "host5": lambda program: on_host(5, program),
}


@pytest.mark.parametrize("ring", RINGS.values(), ids=RINGS)
@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_every_collective(clause: Callable[[Collective, AsTensor], None], ring: Run) -> None:
    ring(lambda collective: clause(collective, np.asarray))


def test_a_rank_that_fails_breaks_the_ring_for_the_others_and_is_the_one_named() -> None:
    seen: list[str] = []

    def program(ring: Collective) -> None:
        if ring.rank == 1:
            raise ValueError("rank 1 fell")
        try:
            ring.barrier()
        except RingError as error:
            seen.append(str(error))
            raise

    with pytest.raises(ValueError, match="rank 1 fell"):
        Threads(3).run(program)
    assert len(seen) == 2
    assert all("another rank stopped" in message for message in seen)


def test_a_rank_that_never_comes_breaks_the_ring_in_time() -> None:
    ring = Threads(2, patience_seconds=0.05)
    with pytest.raises(RingError, match="did not come in time"):
        ring.run(lambda rank: rank.barrier() if rank.rank == 0 else None)
