"""Run a document on this machine: answer at once what was trained before, else run the pipeline."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from farandole.api import Model, Outcome
from farandole.flows.answer import answer
from farandole.flows.document import canonical_document
from farandole.flows.events import Event, Follower
from farandole.flows.hearing import Heard
from farandole.flows.processes import end_run, marked
from farandole.flows.reports import report_of
from farandole.flows.state import ARGUMENTS, LOG, PROGRESS, TASKS, State

RUNNER = (sys.executable, "-m", "farandole.flows.runner")
LOOK = 0.1
"""Seconds between two looks at the progress file."""


@dataclass(frozen=True)
class Request:
    """What a person asks for: a document, the folder it lies in, and where its runs are kept.

    ranks: number of ranks that train, 0 for min(2, cores). attempt: a name that no run had before.
    """

    model: Model
    documents: Path
    state: State
    ranks: int
    attempt: str

    def place(self, progress: Path | None = None) -> str:
        """Return where the steps of this run read and write, as JSON."""
        return self.state.place(self.documents, self.ranks, progress)


@dataclass(frozen=True)
class Ran:
    """A document's outcome, `known` when another run had trained it.

    seconds: time of each step of this run, and `elapsed` of the whole.
    """

    outcome: Outcome
    known: bool
    seconds: dict[str, float]
    report: Path | None
    elapsed: float


def run_document(
    request: Request, watch: Callable[[Event], None], runner: Sequence[str] = RUNNER
) -> Ran:
    """Return a document's outcome, training it when nobody has; `watch` is told what steps say.

    Raises StepFailed with the error of the step that failed, and KeyboardInterrupt after every
    process of the run has ended.
    """
    began = time.monotonic()
    known = answer(request.model, request.place())
    if known is not None:
        report = report_of(known, request.state)
        return Ran(known, True, {}, report, time.monotonic() - began)
    folder = request.state.attempt(request.attempt)
    heard = Heard(watch)
    _carry_out(request, folder, heard, runner)
    outcome = answer(request.model, request.place())
    if outcome is None:
        raise heard.failure(folder / LOG)
    report = report_of(outcome, request.state)
    followed = "register" not in heard.seconds
    return Ran(outcome, followed, heard.seconds, report, time.monotonic() - began)


def _carry_out(request: Request, folder: Path, heard: Heard, runner: Sequence[str]) -> None:
    arguments = {
        "document": canonical_document(request.model),
        "place": request.place(folder / PROGRESS),
    }
    (folder / ARGUMENTS).write_text(json.dumps(arguments), encoding="utf-8")
    with TemporaryDirectory(prefix="farandole-", ignore_cleanup_errors=True) as scratch:
        process = _start(request, folder, runner, scratch)
        try:
            _follow(process, Follower(folder / PROGRESS), heard)
        finally:
            end_run(request.attempt)
            process.communicate()
            shutil.rmtree(folder / TASKS, ignore_errors=True)
    request.state.forget_old_attempts()


def _start(
    request: Request, folder: Path, runner: Sequence[str], scratch: str
) -> subprocess.Popen[bytes]:
    """Start the runner; its standard input stays open for as long as this process lives.

    scratch: the temporary folder of its processes; Kubeflow leaves a folder a task there.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    with (folder / LOG).open("wb") as log:
        return subprocess.Popen(
            [*runner, request.model.metadata.name, str(folder)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=marked(request.attempt, {**os.environ, "PATH": path, "TMPDIR": scratch}),
            start_new_session=True,
        )


def _follow(process: subprocess.Popen[bytes], follower: Follower, heard: Heard) -> None:
    running = True
    while running:
        try:
            process.wait(LOOK)
            running = False
        except subprocess.TimeoutExpired:
            pass
        heard.all(follower.read())
