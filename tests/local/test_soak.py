"""A ring that is killed and resized while it trains takes the steps of one that nobody disturbs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from farandole.launch.here import ring_available
from tests.support.soak import WRITING_STEPS, soak, steps_of, table
from tests.support.soak_findings import Seen, lives
from tests.support.soak_plan import planned
from tests.support.soak_ring import RunningRing, undisturbed

pytestmark = [
    pytest.mark.ring,
    pytest.mark.slow,
    pytest.mark.skipif(ring_available() is not None, reason=str(ring_available())),
]
KILLS, SEED = 5, 20


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ring that trains in peace, once for all tests."""
    return undisturbed(tmp_path_factory.mktemp("peaceful") / "undisturbed", steps_of(KILLS))


def test_kills_at_random_moments_cost_an_interval_each_and_no_bit(
    reference: Path, tmp_path: Path
) -> None:
    found, struck = soak(tmp_path / "soak", reference, KILLS, SEED, print)
    print(table(found, struck))
    assert found.faults(WRITING_STEPS) == []
    assert found.reads > KILLS


def test_the_short_soak_strikes_a_start_a_step_a_write_and_the_launcher() -> None:
    kills = planned(KILLS, steps_of(KILLS), SEED)
    assert {kill.when for kill in kills} == {"at start", "in a step", "in a write"}
    assert {kill.victim for kill in kills} >= {"rank 0", "rank 1", "launcher", "reader"}


def test_a_ring_that_shrinks_and_grows_loses_no_sample_and_repeats_none(
    reference: Path, tmp_path: Path
) -> None:
    ring = RunningRing(tmp_path / "resized", steps_of(KILLS), elastic=True)
    try:
        for size, at in ((1, 30), (3, 90)):
            resize(ring, size, at)
        ring.finished()
    finally:
        ring.end()
    every, truth = lives(ring.folder), lives(reference)
    assert [sum(life == number for life, _ in every) for number in (1, 2, 3)] == [2, 1, 3]
    assert rows(every) == rows(truth)
    assert began_once(every)
    assert distance(ring.folder, reference) <= 1e-5
    assert (
        "the ring goes on with 3 ranks instead of 1, as asked" in (ring.folder / "said").read_text()
    )


def resize(ring: RunningRing, size: int, at: int) -> None:
    """Ask for another size once a step has begun, and wait for the life that has it."""
    ring.until(lambda: ring.step >= at, f"step {at} did not come")
    life = ring.life
    (ring.folder / "size").write_text(str(size))
    ring.until(lambda: ring.life > life, "no new life began")


def rows(every: dict[tuple[int, int], Seen]) -> dict[int, list[int]]:
    """The rows of each step, over all ranks."""
    found: dict[int, list[int]] = {}
    for life in every.values():
        for step, seen in life.items():
            found.setdefault(step, []).extend(seen)
    return {step: sorted(seen) for step, seen in sorted(found.items())}


def began_once(every: dict[tuple[int, int], Seen]) -> bool:
    begun = [step for (_, rank), life in every.items() if rank == 0 for step in life]
    return len(begun) == len(set(begun))


def distance(folder: Path, reference: Path) -> float:
    with np.load(folder / "weights.npz") as ours, np.load(reference / "weights.npz") as theirs:
        return max(_apart(ours[name], theirs[name]) for name in theirs)


def _apart(one: Any, other: Any) -> float:
    return float(np.linalg.norm(one - other) / (np.linalg.norm(other) or 1.0))
