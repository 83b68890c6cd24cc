"""What the evaluator reads of checkpoints that come and go, and what it counts."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest

from farandole.api.progress import SILENT
from farandole.data.folder_store import FolderStore
from farandole.launch.beside import ENDED, Ring
from farandole.ring.checkpoints import Checkpoint, Checkpoints
from farandole.ring.heartbeat import heartbeat
from farandole.ring.standing import Standing
from farandole.steps.observe import lasts
from farandole.steps.observing.evaluator import Evaluator
from farandole.steps.observing.findings import Findings, findings_of
from farandole.steps.observing.log import points, served
from farandole.steps.observing.observed import Observed, observed_of
from farandole.steps.observing.watch import Watch

PREFIX, MODEL = "checkpoints/j", "models/j"


@dataclass(frozen=True)
class Training:
    """A training whose checkpoints hold its step, and the evaluator that follows it."""

    store: FolderStore
    ring: Ring
    keep: int = 100

    def save(self, *steps: int) -> None:
        writer = Checkpoints(self.store, PREFIX, "j", 1, self.keep, 16, 64, world_size=2)
        for step in steps:
            writer.write(Standing(steps=step), {"kernel": np.full(3, step, np.float32)})

    def evaluator(self) -> Evaluator:
        findings = Findings(self.store, MODEL)
        watch = Watch(self.store, PREFIX, findings.last_step)
        return Evaluator(watch, self.ring, findings, SILENT, score_of)

    def observed(self) -> Observed:
        return observed_of(self.store, MODEL, PREFIX)

    def steps(self) -> list[int]:
        return [finding.step for finding in findings_of(self.store, MODEL)]


def score_of(checkpoint: Checkpoint, between: Callable[[], None]) -> dict[str, float]:
    between()
    return {"accuracy": float(checkpoint.arrays[0][0])}


@pytest.fixture(name="ring")
def _ring(tmp_path: Path) -> Ring:
    (tmp_path / "work/ranks").mkdir(parents=True)
    (tmp_path / "work/observe").mkdir()
    return Ring(tmp_path / "work", tmp_path / "work/observe")


@pytest.fixture(name="training")
def _training(tmp_path: Path, ring: Ring) -> Training:
    return Training(FolderStore(tmp_path / "store"), ring)


def ended(training: Training) -> Evaluator:
    training.ring.tell(ENDED)
    return training.evaluator()


def test_the_newest_is_scored_at_its_own_step_and_those_before_it_are_counted(
    training: Training,
) -> None:
    training.save(10, 20, 30)
    heartbeat(training.ring.folder / "ranks/0.step").beat(34)
    ended(training).follow()
    (finding,) = findings_of(training.store, MODEL)
    assert (finding.step, finding.metrics, finding.skipped) == (30, {"accuracy": 30.0}, 2)
    assert finding.steps_behind == 4
    assert [(p.key, p.value, p.step) for p in points([finding])] == [
        ("observed.accuracy", 30.0, 30)
    ]


def test_each_new_checkpoint_is_scored_once_until_the_ring_has_ended(training: Training) -> None:
    coming = iter((10, 20, None))

    def pause(_: float) -> None:
        step = next(coming)
        training.ring.tell(ENDED) if step is None else training.save(step)

    training.evaluator().follow(pause)
    assert training.steps() == [10, 20]
    assert training.observed().skipped == 0


def test_a_checkpoint_that_is_written_while_the_ring_ends_is_scored(training: Training) -> None:
    training.save(10)
    evaluator = ended(training)
    training.save(20)
    evaluator.follow()
    assert training.steps() == [20]


@pytest.mark.parametrize("wrong", [b"", b"torn", b"\0" * 12])
def test_a_torn_checkpoint_is_counted_and_the_one_before_it_scored(
    training: Training, wrong: bytes
) -> None:
    training.save(10, 20)
    training.store.put(f"{PREFIX}/0000000020-000001/arrays.bin", wrong)
    ended(training).follow()
    assert training.steps() == [10]
    found = training.observed()
    assert (found.scored, found.torn, found.lost, found.skipped) == (1, 1, 0, 0)


def test_a_checkpoint_without_its_manifest_is_none(training: Training) -> None:
    training.save(10, 20)
    training.store.delete(f"{PREFIX}/0000000020-000001/manifest.json")
    ended(training).follow()
    assert training.steps() == [10]
    assert training.observed().torn == 0


class Rotating(FolderStore):
    """A folder in which the training writes its next checkpoint whenever one is half read."""

    training: Training
    due: itertools.chain[int]

    def get(self, key: str) -> bytes:
        if key.endswith("/arrays.bin") and (step := next(self.due, 0)):
            self.training.save(step)
        return super().get(key)


def test_a_checkpoint_that_is_rotated_away_while_it_is_read_is_counted_and_no_error(
    tmp_path: Path, ring: Ring
) -> None:
    store = Rotating(tmp_path / "store")
    store.training, store.due = Training(store, ring, keep=1), itertools.chain((20, 30))
    store.training.save(10)
    ended(store.training).follow()
    assert store.training.steps() == [30]
    found = store.training.observed()
    assert (found.lost, found.torn, found.skipped) == (2, 0, 0)


def test_an_evaluator_that_begins_again_goes_on_after_its_last_finding(training: Training) -> None:
    training.save(10)
    ended(training).follow()
    training.save(20)
    training.evaluator().follow()
    assert training.steps() == [10, 20]


def test_what_was_left_unscored_is_said(training: Training) -> None:
    training.save(10)
    ended(training).follow()
    training.save(20, 30)
    found = training.observed()
    assert found.unscored == 2
    assert "scored 1 checkpoint," in found.sentence
    assert "2 left when training ended" in found.sentence


def test_a_checkpoint_that_comes_while_another_is_scored_and_goes_before_the_end_is_seen(
    tmp_path: Path, ring: Ring
) -> None:
    training = Training(FolderStore(tmp_path / "store"), ring, keep=1)
    clock = itertools.count(time.time(), 5.0)

    def score(checkpoint: Checkpoint, between: Callable[[], None]) -> dict[str, float]:
        if checkpoint.manifest.standing.steps == 10:
            for step in (20, 30, 40):
                training.save(step)
                between()
        return {}

    training.save(10)
    findings = Findings(training.store, MODEL)
    ring.tell(ENDED)
    Evaluator(
        Watch(training.store, PREFIX, 0), ring, findings, SILENT, score, clock=lambda: next(clock)
    ).follow()
    assert [(finding.step, finding.skipped) for finding in findings.all] == [(10, 0), (40, 2)]


def test_it_rests_three_times_as_long_as_it_works_and_not_at_all_once_the_ring_has_ended(
    training: Training,
) -> None:
    clock = itertools.count(time.time(), 2.0)  # looked at three times after the start of a scoring
    paused: list[float] = []
    found_after: list[int] = []

    def pause(seconds: float) -> None:
        paused.append(seconds)
        if len(paused) == 1:
            training.save(20)
        if len(paused) == 20:
            training.ring.tell(ENDED)

    evaluator = training.evaluator()
    evaluator.clock, evaluator.found = (
        lambda: next(clock),
        lambda _: found_after.append(len(paused)),
    )
    training.save(10)
    evaluator.follow(pause)
    assert training.steps() == [10, 20]
    assert found_after == [0, 3 * 6]
    assert len(paused) == 20


def test_a_training_is_observed_once_it_has_taken_steps_for_long_enough(ring: Ring) -> None:
    clock = itertools.count(0.0, 1.0)
    heart = heartbeat(ring.folder / "ranks/0.step")
    paused: list[float] = []

    def pause(seconds: float) -> None:
        paused.append(seconds)
        heart.beat(len(paused) - 3)

    assert lasts(ring, 10.0, lambda: next(clock), pause)
    assert len(paused) >= 10


def test_a_training_that_ends_before_is_not(ring: Ring) -> None:
    heartbeat(ring.folder / "ranks/0.step").beat(1)
    assert not lasts(ring, 1e9, pause=lambda _: ring.tell(ENDED))


@pytest.mark.parametrize(
    "address, answer",
    [
        ("mlruns", False),
        ("sqlite:///a.db", False),
        ("http://x:5000", True),
        ("databricks://", True),
    ],
)
def test_only_a_server_keeps_a_run_that_two_processes_write(address: str, answer: bool) -> None:
    assert served(address) is answer


@pytest.mark.skipif(not psutil.LINUX, reason="other systems have other means")
def test_standing_back_takes_the_lowest_place_that_linux_has() -> None:
    source = (
        "import os; from pathlib import Path; from farandole.launch.priority import stand_back\n"
        "stand_back(); print(os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0),"
        " Path('/proc/self/oom_score_adj').read_text().strip(),"
        " Path('/proc/self/autogroup').read_text().split()[-1]"
        " if Path('/proc/self/autogroup').exists() else 19)"
    )
    said = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
    ).stdout
    assert said.split() == ["19", str(os.SCHED_IDLE), "1000", "19"]
