"""The real steps with two ranks: interrupted in the middle of training, and gone on with."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from farandole.flows.processes import MARK
from tests.support.examples import document, farandole, some_rows

pytestmark = [pytest.mark.slow, pytest.mark.ring]


def until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition was not met in time"
        time.sleep(0.05)


def lines(state: Path, attempt: int) -> list[dict[str, Any]]:
    folders = sorted((state / "work" / "runs").iterdir())
    if len(folders) <= attempt or not (folders[attempt] / "progress.jsonl").exists():
        return []
    text = (folders[attempt] / "progress.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.endswith("}")]


def trained(state: Path, attempt: int) -> list[int]:
    """The steps of training that a run has told of."""
    return [line["done"] for line in lines(state, attempt) if line.get("phase") == "train"]


def members(state: Path) -> list[list[str]]:
    """Command lines of processes that a run has started and that name this state."""
    found = []
    for process in psutil.process_iter():
        try:
            if MARK in process.environ() and str(state) in " ".join(process.cmdline()):
                found.append(process.cmdline())
        except (psutil.Error, OSError):
            continue
    return found


def test_ctrl_c_ends_all_ranks_in_time_and_the_same_command_goes_on(tmp_path: Path) -> None:
    state = tmp_path / "state"
    path = document(
        tmp_path,
        "03-table-regression.yaml",
        some_rows(tmp_path, "ames/ames.csv", 1600),
        training={"epochs": 200, "earlyStopping": {"patience": 200}},
    )
    path.write_text(path.read_text() + "  placement: {checkpoint: {everySeconds: 1}}\n")
    command = [sys.executable, "-m", "farandole.cli", "run", str(path), "--state", str(state)]
    with subprocess.Popen(
        [*command, "--ranks", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        until(lambda: bool(list(state.glob("store/checkpoints/*/*/manifest.json"))), seconds=180)
        assert any("farandole" in " ".join(command) for command in members(state))
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=60)
        assert time.monotonic() - began <= 5
    assert run.returncode == 130, err
    assert "To go on from here" in err
    assert members(state) == []

    done = farandole("run", path, "--state", state, "--ranks", "2", "--json")
    assert done.code in (0, 3), done.err
    assert done.answer()["known"] is False
    assert trained(state, attempt=1)[0] > 1  # not from the first step: from the checkpoint
    assert done.answer()["version"] == "1"
