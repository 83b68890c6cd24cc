"""Ranks that a fork server starts: the same to whoever follows them, and no process outlives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from farandole.launch.here import RankError, ring
from farandole.launch.preloading import can_fork, fork_server
from tests.support.ring_programs import alive, processes, python, record, wait_until

pytestmark = [
    pytest.mark.ring,
    pytest.mark.skipif(not can_fork(), reason="ranks cannot be forked here"),
]
ROOT = Path(__file__).parents[2]
MODULE = "tests.support.forked_programs"
HERE = {"PYTHONPATH": os.fspath(ROOT)}


def program(what: str, *more: object) -> list[str]:
    return [sys.executable, "-m", MODULE, what, *map(str, more)]


def run(folder: Path, what: str, *more: object, module: str = MODULE, ranks: int = 2) -> None:
    with fork_server(module, ranks, HERE) as server:
        ring(program(what, *more), ranks, folder, environment=HERE, fork_server=server.address())


def said(folder: Path, rank: int, kind: str = "out") -> str:
    return (folder / "ranks" / f"{rank}.{kind}").read_text()


def test_every_rank_is_forked_with_its_place_its_arguments_and_its_output(tmp_path: Path) -> None:
    run(tmp_path, "exit", 0, ranks=3)
    assert [said(tmp_path, rank) for rank in range(3)] == [f"forked 0 {r}\n" for r in range(3)]
    assert [record(tmp_path, rank)["code"] for rank in range(3)] == [0, 0, 0]


@pytest.mark.parametrize(
    "what, more, told",
    [
        ("exit", [4], "ended with exit code 4"),
        ("say", [], "ended with exit code 1 before its first step; its last lines:\n    the weigh"),
        ("raise", [], "ValueError: no such layer"),
    ],
)
def test_a_forked_rank_ends_as_any_program_does(
    tmp_path: Path, what: str, more: list[int], told: str
) -> None:
    with pytest.raises(RankError) as caught:
        run(tmp_path, what, *more, ranks=1)
    assert told in str(caught.value)


def test_a_server_that_cannot_import_leaves_it_to_processes_of_their_own(tmp_path: Path) -> None:
    run(tmp_path, "exit", 0, module="no.such.module")
    assert said(tmp_path, 1) == "anew 0 1\n"


def test_a_program_that_is_no_module_is_not_forked(tmp_path: Path) -> None:
    with fork_server(MODULE, 1, HERE) as server:
        ring(python("print('anew')"), 1, tmp_path, fork_server=server.address())
    assert said(tmp_path, 0) == "anew\n"


@pytest.mark.parametrize("victim", ["program", "supervisor", "server", "launcher"])
def test_whoever_is_killed_takes_all_of_them_along(tmp_path: Path, victim: str) -> None:
    started = started_launcher(tmp_path, "wait")
    pids = everybody(tmp_path, started.pid)
    os.kill(pids[victim], signal.SIGKILL)
    _, told = started.communicate(timeout=20)
    wait_until(lambda: not alive([*pids.values(), *processes(tmp_path, 2)]), 5)
    if victim in ("program", "server"):
        assert b"was killed by SIGKILL" in told
    if victim == "supervisor":
        assert b"was lost with its supervisor" in told


def test_a_server_that_was_killed_is_there_again_in_the_next_life(tmp_path: Path) -> None:
    with fork_server(MODULE, 2, HERE) as server:
        (first,) = [each.pid for each in psutil.Process().children() if forks(each)]
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: not alive([first]))
        ring(program("exit", 0), 2, tmp_path, environment=HERE, fork_server=server.address())
    assert said(tmp_path, 0) == "forked 0 0\n"


def test_ranks_whose_launcher_is_killed_have_the_time_to_save(tmp_path: Path) -> None:
    started = started_launcher(tmp_path, "save")
    pids = everybody(tmp_path, started.pid)
    started.kill()
    started.communicate(timeout=20)
    wait_until(lambda: not alive([*pids.values(), *processes(tmp_path, 2)]), 5)
    assert len([*tmp_path.glob("saved-*")]) == 2


def test_forked_ranks_that_will_not_end_are_killed_in_five_seconds(tmp_path: Path) -> None:
    started = started_launcher(tmp_path, "stubborn")
    pids = everybody(tmp_path, started.pid)
    started.send_signal(signal.SIGINT)
    started.communicate(timeout=5)
    assert alive([*pids.values(), *processes(tmp_path, 2)]) == []


def started_launcher(folder: Path, what: str) -> subprocess.Popen[bytes]:
    """A launcher of its own, once both of its ranks run."""
    source = (
        "from pathlib import Path; from farandole.launch.here import ring\n"
        "from farandole.launch.preloading import fork_server\n"
        f"with fork_server({MODULE!r}, 2, {HERE!r}) as server:\n"
        f"    ring({program(what, folder)!r}, 2, Path({os.fspath(folder)!r}),"
        f" environment={HERE!r}, fork_server=server.address())"
    )
    started = subprocess.Popen(python(source), stderr=subprocess.PIPE, env={**os.environ, **HERE})
    wait_until(lambda: len([*folder.glob("ready-*")]) == 2)
    return started


def everybody(folder: Path, launcher: int) -> dict[str, int]:
    (server,) = [each.pid for each in psutil.Process(launcher).children() if forks(each)]
    first = record(folder, 1)
    wait_until(lambda: psutil.Process(first["program"]).ppid() == server)
    return {
        "launcher": launcher,
        "server": server,
        "supervisor": first["supervisor"],
        "program": first["program"],
    }


def forks(process: psutil.Process) -> bool:
    return "farandole.launch.fork_server" in process.cmdline()
