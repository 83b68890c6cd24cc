"""The pipeline, its processes, the claim and the store are real; the steps compute nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from farandole.flows.processes import MARK
from tests.support.flow_fakes import Fake, fake

STEPS = ["prepare", "featurize", "tune", "train", "evaluate", "register"]


@pytest.fixture(name="stamps")
def _stamps(tmp_path: Path) -> Iterator[Fake]:
    made = fake(tmp_path / "my python3 course")  # a space, and the word that kfp.local replaces
    yield made
    for process in members(made.folder):
        process.kill()


def outcome(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition was not met in time"
        time.sleep(0.02)


def members(folder: Path) -> list[psutil.Process]:
    """Processes of any run whose state lies in `folder`, the command itself excepted."""
    found = []
    for process in psutil.process_iter():
        try:
            ours = MARK in process.environ() and process.cwd() == str(folder)
        except (psutil.Error, OSError):
            continue
        if ours and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def test_a_document_runs_through_every_step_once_and_is_then_answered_at_once(
    stamps: Fake,
) -> None:
    first, second = stamps.run(), stamps.run("--json")
    assert (first.returncode, second.returncode) == (0, 0)
    assert stamps.turns() == STEPS
    assert "The model beats its baselines." in first.stdout
    assert "done in" in first.stderr
    assert second.stderr == ""
    assert outcome(second)["known"] is True
    assert Path(outcome(second)["report"]).read_text() == "<p>the report</p>"
    (attempt,) = (stamps.state / "work" / "runs").iterdir()
    kept = {"arguments.json", "pipeline.log", "pipeline.yaml", "progress.jsonl"}
    assert {path.name for path in attempt.iterdir()} == kept


def test_a_refused_model_ends_with_3_each_time(stamps: Fake) -> None:
    stamps.behave(evaluate={"exit_code": 3})
    assert [stamps.run().returncode, stamps.run().returncode] == [3, 3]
    assert stamps.turns() == STEPS


@pytest.mark.parametrize("end, code", [("ring", 5), ("killed", 1)])
def test_a_step_that_fails_ends_the_run_with_its_own_words_and_code(
    stamps: Fake, end: str, code: int
) -> None:
    stamps.behave(train={"end": end})
    failed = stamps.run("--json")
    assert failed.returncode == outcome(failed)["exit_code"] == code
    assert outcome(failed)["step"] == "train"
    assert "Traceback" not in failed.stdout + failed.stderr
    assert stamps.turns()[-1] == "train"


def test_ctrl_c_ends_every_process_within_five_seconds_and_says_how_to_go_on(
    stamps: Fake,
) -> None:
    stamps.behave(train={"end": "hang"})
    with stamps.start() as run:
        until((stamps.folder / "hanging").exists)
        assert len(members(stamps.folder)) >= 4  # runner, step, a deaf child, one that went away
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=30)
        assert time.monotonic() - began < 5
    assert run.returncode == 130
    assert f"farandole run {stamps.document}".replace(str(stamps.folder), "") in err.replace(
        str(stamps.folder), ""
    ).replace("'", "")
    assert members(stamps.folder) == []


def test_a_killed_command_takes_its_processes_along_and_does_not_block_the_next(
    stamps: Fake,
) -> None:
    stamps.behave(train={"end": "hang"})
    with stamps.start() as run:
        until((stamps.folder / "hanging").exists)
        run.kill()
    until(lambda: not members(stamps.folder), seconds=10)
    stamps.behave()
    began = time.monotonic()
    assert stamps.run().returncode == 0
    assert time.monotonic() - began < 30  # no waiting for a heartbeat to grow old


def test_of_two_runs_at_once_the_second_follows_the_first(stamps: Fake) -> None:
    stamps.behave(train={"end": "hang"})
    with stamps.start() as first:
        until((stamps.folder / "hanging").exists)
        stamps.behave()
        with stamps.start() as second:
            assert second.stderr is not None
            said = iter(second.stderr.readline, "")
            assert any("following it" in line for line in said)
            os.kill(int((stamps.folder / "hanging").read_text()), signal.SIGKILL)
            first.communicate(timeout=60)
            second.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (1, 0)
    assert stamps.turns().count("register") == 1


def test_a_run_that_follows_takes_the_firsts_outcome(stamps: Fake) -> None:
    stamps.behave(train={"until": "the second follows"})
    with stamps.start() as first:
        until(lambda: "train" in stamps.turns())
        with stamps.start() as second:
            assert second.stderr is not None
            assert any("following it" in line for line in iter(second.stderr.readline, ""))
            (stamps.folder / "the second follows").touch()
            (out, _), (followed, after) = [run.communicate(timeout=90) for run in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert stamps.turns().count("register") == 1
    assert "Trained before" in followed
    assert "Trained before" not in out
    assert after == ""  # nothing more was begun
