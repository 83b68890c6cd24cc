"""train goes on by itself when the machine ends one of its ranks, and its result stays the same."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from farandole.launch.here import ring_available
from tests.support.observed_trainings import Training, end, rows_in
from tests.support.ring_programs import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.ring,
    pytest.mark.skipif(ring_available() is not None, reason=str(ring_available())),
]
LOADED = 240.0  # seconds for processes that get what others leave to import TensorFlow
EPOCHS = 40


def second_rank(training: Training) -> int:
    """The process of rank 1, once a checkpoint is complete."""
    kept = wait_until(
        lambda: [*training.folder.glob("store/checkpoints/*/*/manifest.json")], LOADED
    )
    assert kept
    (record,) = training.folder.glob("work/train-*/ranks/1.json")
    pid: int = json.loads(record.read_bytes())["program"]
    return pid


def test_a_rank_that_is_killed_costs_one_restart_and_no_epoch(tmp_path: Path) -> None:
    training = Training(rows_in(tmp_path), EPOCHS, observe=False)
    process = training.start()
    try:
        os.kill(second_rank(training), signal.SIGKILL)
        assert process.wait(LOADED) == 0
    finally:
        end(process)
    outputs = training.outputs()
    assert [epoch.epoch for epoch in outputs.history] == list(range(EPOCHS))
    assert outputs.ranks == 2
    assert len([*training.folder.glob("store/attempts/*/*")]) == 2
    (said,) = [
        message
        for line in (training.folder / "progress.jsonl").read_text().splitlines()
        if "rank 1 of 2" in (message := json.loads(line).get("message", ""))
    ]
    assert "was killed by SIGKILL" in said
    assert said.endswith("2 ranks start again from the last checkpoint")
