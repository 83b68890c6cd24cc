"""The evaluator beside a ring of two: what it finds, and that it cannot touch the training."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from farandole.launch.here import ring_available
from farandole.registry.tracking import open_tracker
from farandole.ring.checkpoints import Checkpoint, place_of, read
from tests.support.observed_trainings import Training, end, going_on, left, rows_in
from tests.support.ring_programs import alive, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.ring,
    pytest.mark.skipif(ring_available() is not None, reason=str(ring_available())),
]
LOADED = 240.0  # seconds for a process that gets what others leave to import TensorFlow
MANY = 10_000  # epochs: minutes, until somebody ends it


@contextmanager
def started(training: Training) -> Iterator[subprocess.Popen[str]]:
    process = training.start()
    try:
        yield process
    finally:
        end(process)


def newest(training: Training) -> Checkpoint:
    stats = training.store.list("checkpoints")
    places = {place: stat.key for stat in stats if (place := place_of(stat.key)) is not None}
    last = max(places)
    return read(training.store, places[last].split(f"/{last.folder}")[0], last)


def test_it_finds_at_every_step_what_the_ring_validated_and_ends_with_it_on_ctrl_c(
    tmp_path: Path,
) -> None:
    training = Training(rows_in(tmp_path / "observed"), MANY)
    with started(training) as process:
        wait_until(going_on(process, training.follows), LOADED)
        wait_until(going_on(process, lambda: len(training.findings()) >= 5), LOADED)
        pids = [
            *training.evaluator,
            *(child.pid for child in psutil.Process(process.pid).children(recursive=True)),
        ]
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert time.monotonic() - asked < 5
    assert process.returncode == 130
    assert alive(pids) == []

    findings, history = training.findings(), newest(training).manifest.standing.history
    validated = {epoch.steps: epoch.validation for epoch in history}
    both = [finding for finding in findings if finding.step in validated]
    assert len(both) >= 3
    for finding in both:
        ours, theirs = finding.metrics, validated[finding.step]
        assert ours["accuracy"] == pytest.approx(theirs["accuracy"], abs=1e-6)
        assert ours["logLoss"] == pytest.approx(theirs["loss"], abs=1e-5)
        assert "balancedAccuracy" in ours
    steps = [finding.step for finding in findings]
    assert steps == sorted(set(steps))

    run = open_tracker(str(training.folder / "mlflow")).run(
        training.parameters.prepared.identity, "observed", {}
    )
    logged = dict(run.history("observed.balancedAccuracy"))
    found = {finding.step: finding.metrics["balancedAccuracy"] for finding in findings}
    assert logged
    assert logged.items() <= found.items()

    said = (training.folder / f"opened-{training.evaluator[1]}").read_text().split()
    assert len(said) >= 4
    assert set(said) == {"Sealed"}


def test_killing_it_leaves_the_training_and_its_result_as_they_are_without_it(
    tmp_path: Path,
) -> None:
    alone = Training(rows_in(tmp_path / "alone"), 300, observe=False, reproducible=True)
    with started(alone) as process:
        assert process.wait(LOADED) == 0
    training = replace(alone, folder=rows_in(tmp_path / "observed"), observe=True)
    with started(training) as process:
        wait_until(going_on(process, training.begins), LOADED)
        os.kill(training.evaluator[1], signal.SIGKILL)
        assert process.wait(LOADED) == 0
    assert training.weights() == alone.weights()
    assert training.outputs().history == alone.outputs().history
    assert alone.outputs().observed is None
    (notice,) = training.outputs().notices
    assert "the evaluator beside the ring was killed by SIGKILL" in notice


def test_killing_the_launcher_leaves_no_evaluator_behind(tmp_path: Path) -> None:
    training = Training(rows_in(tmp_path / "observed"), MANY)
    with started(training) as process:
        pids = wait_until(going_on(process, lambda: training.evaluator), LOADED)
        process.kill()
        process.wait()
        wait_until(lambda: not left(pids), 5)
