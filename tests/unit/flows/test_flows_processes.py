from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from farandole.flows.processes import end_run, marked, members

POLITE = "import signal; print(1, flush=True); signal.pause()"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {POLITE}"


@pytest.fixture(name="runs")
def _runs() -> Iterator[tuple[str, str]]:
    names = (f"one-{os.getpid()}", f"two-{os.getpid()}")
    yield names
    for name in names:
        end_run(name, grace=1.0)


def start(run: str, script: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env=marked(run, os.environ),
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_every_process_of_a_run_ends_and_no_other(runs: tuple[str, str]) -> None:
    one, two = runs
    polite, deaf, other = start(one, POLITE), start(one, DEAF), start(two, POLITE)
    assert sorted(members(one)) == sorted([polite.pid, deaf.pid])
    end_run(one, grace=0.2)
    assert members(one) == []
    assert members(two) == [other.pid]
    assert (polite.wait(), deaf.wait()) == (-15, -9)


def test_a_process_that_left_the_tree_is_still_of_the_run(runs: tuple[str, str]) -> None:
    orphan = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {POLITE!r}])"
    parent = start(runs[0], f"{orphan}; print(1, flush=True)")
    parent.wait()
    assert len(members(runs[0])) == 1
    end_run(runs[0], grace=1.0)
    assert members(runs[0]) == []


def test_ending_a_run_that_has_ended_does_nothing() -> None:
    end_run("nothing of this name")
