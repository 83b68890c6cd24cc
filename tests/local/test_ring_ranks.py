"""Real ranks, by shared memory and by Horovod: contract, guards, and kills that change no bit."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from farandole.launch.here import RankError, ring, ring_available
from farandole.launch.meeting import Transport
from tests.support.ring_collective_contract import CONTRACT
from tests.support.ring_learning import distance, same_bits
from tests.support.ring_programs import alive, processes, python

pytestmark = [
    pytest.mark.ring,
    pytest.mark.skipif(ring_available("horovod") is not None, reason="Horovod is not installed"),
]
ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"PYTHONPATH": os.fspath(ROOT)}


def program(what: str, folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "tests.support.ring_ranks", what, os.fspath(folder), *more]


@dataclass(frozen=True)
class Two:
    """What two healthy ranks found, and the way that they added up."""

    transport: Transport
    folder: Path


def run(what: str, ranks: int, folder: Path, transport: Transport, *more: str) -> None:
    folder.mkdir(exist_ok=True)
    command = program(what, folder, *more)
    ring(command, ranks, folder, environment=ENVIRONMENT, transport=transport)


def told(folder: Path, what: str, rank: int) -> Any:
    return json.loads((folder / f"{what}-{rank}.json").read_bytes())


def trained(folder: Path, name: str) -> Mapping[str, Any]:
    with np.load(folder / f"{name}.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Two]:
    """Two healthy ranks by each transport, once for all tests that look at them."""
    ways: tuple[Transport, ...] = ("memory", "horovod")
    found: dict[str, Two] = {way: Two(way, tmp_path_factory.mktemp(way)) for way in ways}
    for each in found.values():
        run("whole", 2, each.folder, each.transport)
    return found


@pytest.fixture(params=["memory", "horovod"])
def two(request: pytest.FixtureRequest, both: Mapping[str, Two]) -> Two:
    """Two healthy ranks of one transport."""
    return both[request.param]


@pytest.mark.parametrize("rank", [0, 1])
def test_ranks_keep_the_contract_of_collectives(two: Two, rank: int) -> None:
    assert set(told(two.folder, "whole", rank)["contract"]) == {
        clause.__name__ for clause in CONTRACT
    }


def test_the_gradient_of_a_sum_is_summed_over_ranks(two: Two) -> None:
    # d/dx_r of the ring's total, 2 ranks * (1 + 2)**2, is 2 * 2 * 3
    assert [told(two.folder, "whole", rank)["differentiable"] for rank in (0, 1)] == [
        [12.0],
        [12.0],
    ]


def test_shared_memory_and_horovod_come_to_the_same_bits(both: Mapping[str, Two]) -> None:
    for name in ("sgd-2-0", "adam-2-0"):
        shared, sent = (trained(both[way].folder, name) for way in ("memory", "horovod"))
        assert same_bits(shared, sent)


@pytest.mark.parametrize("rank", [0, 1])
def test_weights_touched_on_one_rank_are_found_and_named(two: Two, rank: int) -> None:
    message = told(two.folder, "whole", rank)["diverged"]
    assert "step 30: expected the same weights on all ranks" in message
    assert "outputs/kernel" in message
    assert "agreed at step 20" in message


@pytest.mark.parametrize("rank", [0, 1])
def test_a_row_with_a_nan_is_named_on_all_ranks(two: Two, rank: int) -> None:
    message = told(two.folder, "whole", rank)["not_finite"]
    assert "the loss of row-77 and the gradient of" in message
    assert message == told(two.folder, "whole", 0)["not_finite"]


def test_a_persons_own_keras_script_trains_in_step_with_exact_metrics(two: Two) -> None:
    one, other = (told(two.folder, "whole", rank)["own_script"] for rank in (0, 1))
    assert one["agree"]
    assert one["logs"] == other["logs"]
    exact = dict(zip(("val_loss", "val_accuracy"), one["exact"], strict=True))
    assert exact == pytest.approx({name: one["logs"][name] for name in exact}, rel=1e-5)
    assert one["losses"][-1] < one["losses"][0]
    assert one["class"].startswith("keras.")


def test_the_warm_up_raises_the_rate_in_a_line_to_the_full_one(two: Two) -> None:
    rates = told(two.folder, "whole", 0)["own_script"]["rates"]
    assert rates[0] == pytest.approx(0.005)
    assert rates[4] == pytest.approx(0.0075)
    assert rates[8:] == pytest.approx([0.01] * 8)


def test_kills_and_interrupts_lose_no_bit(two: Two, tmp_path: Path) -> None:
    with pytest.raises(RankError, match=r"rank 1 of 2 was killed by SIGKILL .* in step 21"):
        run(
            "lives",
            2,
            tmp_path,
            two.transport,
            json.dumps({"sgd": {"what": "kill", "rank": 1, "step": 23}}),
        )
    assert alive(processes(tmp_path, 2)) == []
    _interrupt(tmp_path, two.transport)
    with pytest.raises(RankError, match=r"rank 0 of 2 was killed by SIGKILL"):
        run(
            "lives",
            2,
            tmp_path,
            two.transport,
            json.dumps({"adam": {"what": "kill", "rank": 0, "step": 31}}),
        )
    run("lives", 2, tmp_path, two.transport, "{}")
    for optimizer in ("sgd", "adam"):
        lived = trained(tmp_path, f"lived-{optimizer}-0")
        assert same_bits(lived, trained(tmp_path, f"lived-{optimizer}-1"))
        assert same_bits(lived, trained(two.folder, f"{optimizer}-2-0"))


def _interrupt(folder: Path, transport: Transport) -> None:
    """Let rank 0 interrupt the launcher in the midst of Adam; all must end in five seconds."""
    source = (
        "import json, os, sys; from pathlib import Path; from farandole.launch.here import ring\n"
        "plan = {'adam': {'what': 'interrupt', 'rank': 0, 'step': 12, 'launcher': os.getpid()}}\n"
        "ring([*sys.argv[1:], json.dumps(plan)], 2, Path(sys.argv[-1]))"
    )
    started = subprocess.Popen(
        [*python(source), *program("lives", folder)],
        stderr=subprocess.PIPE,
        env={**os.environ, **ENVIRONMENT, "FARANDOLE_RING": transport},
    )
    _, said = started.communicate(timeout=120)
    ended = time.time()
    records = [json.loads((folder / "ranks" / f"{rank}.json").read_bytes()) for rank in (0, 1)]
    assert b"KeyboardInterrupt" in said
    assert [record["code"] for record in records] == [130, 130]
    assert alive(processes(folder, 2)) == []
    assert ended - float((folder / "met").read_text()) < 5


def test_three_reproducible_ranks_lose_no_bit_and_agree_with_two(two: Two, tmp_path: Path) -> None:
    run("reproducible", 3, tmp_path, two.transport)
    for rank in range(3):
        assert told(tmp_path, "reproducible", rank) == {"sgd": True, "adam": True}
    for optimizer in ("sgd", "adam"):
        assert (
            distance(trained(tmp_path, f"{optimizer}-3-0"), trained(two.folder, f"{optimizer}-2-0"))
            <= 1e-5
        )


def test_the_same_programs_run_under_horovodrun(tmp_path: Path) -> None:
    horovodrun = Path(sys.executable).with_name("horovodrun")
    started = [os.fspath(horovodrun), "-np", "2", "--gloo", "--network-interfaces", "lo"]
    subprocess.run(
        [*started, *program("contract", tmp_path)],
        env={**os.environ, **ENVIRONMENT},
        check=True,
        capture_output=True,
    )
    assert len(told(tmp_path, "contract", 1)) == len(CONTRACT)
