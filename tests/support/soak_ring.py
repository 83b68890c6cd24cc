"""A running ring of the soak, seen and struck from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from farandole.launch.here import ring
from tests.support.soak_findings import seen
from tests.support.soak_launcher import ROOT, prepared, program
from tests.support.soak_plan import Victim

RANKS = 2
PATIENCE_SECONDS = 150.0
ENVIRONMENT = {"PYTHONPATH": os.fspath(ROOT)}


@dataclass
class RunningRing:
    """The ring of a launcher in `folder` that is to take `steps` steps, of 1 to 3 ranks if elastic.

    One that is not has two.
    """

    folder: Path
    steps: int
    elastic: bool = False
    launcher: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        prepared(self.folder)
        self.launch()

    def launch(self) -> None:
        """Start a launcher; the one before must have ended."""
        with (self.folder / "log").open("ab") as log:
            self.launcher = subprocess.Popen(
                program(
                    "soak_launcher", self.folder, self.steps, RANKS, *["elastic"] * self.elastic
                ),
                env={**os.environ, **ENVIRONMENT},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def end(self) -> None:
        """End whatever still runs."""
        self.launcher.terminate()
        self.launcher.wait()

    @property
    def life(self) -> int:
        """The number of the newest life, over all launchers; 0 before the first."""
        return max((int(f.name) for f in (self.folder / "attempts").iterdir()), default=0)

    @property
    def step(self) -> int:
        """The last step that rank 0 of the newest life began; -1 before its first."""
        file = self.folder / "rows" / f"{self.life:05d}-0"
        return max(seen(file), default=-1) if file.exists() else -1

    def strike(self, victim: Victim) -> None:
        """Kill a victim, once it is there."""
        for pid in self.until(lambda: self._pids(victim), f"{victim} is not there"):
            os.kill(pid, signal.SIGKILL)
        if victim == "launcher":
            self.launcher.wait()

    def finished(self) -> None:
        """Wait until training has ended well."""
        code = self.launcher.wait(PATIENCE_SECONDS)
        assert code == 0, self._log()

    def until(self, condition: Callable[[], Any], otherwise: str) -> Any:
        """Return what comes of a condition; the launcher must not end badly meanwhile."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := condition()):
            assert time.monotonic() < deadline, f"{otherwise}; {self._log()}"
            assert self.launcher.poll() is None, f"{otherwise}; the launcher ended; {self._log()}"
            time.sleep(0.005)
        return found

    def _pids(self, victim: Victim) -> list[int]:
        if victim == "launcher":
            return [self.launcher.pid]
        if victim == "fork server":
            return [each.pid for each in _children(self.launcher.pid) if _forks(each)]
        where = self.folder / ("reader" if victim == "reader" else "ranks")
        records = [_record(where / f"{rank}.json") for rank in range(RANKS)]
        chosen = {
            "rank 0": [(0, "program")],
            "rank 1": [(1, "program")],
            "both ranks": [(0, "program"), (1, "program")],
            "supervisor": [(1, "supervisor")],
            "reader": [(0, "program")],
        }[victim]
        pids = [records[rank].get(kind) for rank, kind in chosen]
        return [pid for pid in pids if pid and _is_ours(pid)]

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-3000:]


def undisturbed(folder: Path, steps: int) -> Path:
    """Run the same ring to its end in peace; it keeps a digest of its state at every step."""
    rank = program("soak_rank", prepared(folder), 1, steps, "reference")
    ring(rank, RANKS, folder, environment=ENVIRONMENT)
    return folder


def _record(path: Path) -> dict[str, int]:
    try:
        read: dict[str, int] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return read


def _is_ours(pid: int) -> bool:
    """Whether a process is one of a soak still; a forked rank has its server's command line."""
    try:
        return any("soak" in word for word in psutil.Process(pid).cmdline())
    except psutil.NoSuchProcess:
        return False


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children()
    except psutil.NoSuchProcess:
        return []


def _forks(process: psutil.Process) -> bool:
    try:
        return "farandole.launch.fork_server" in process.cmdline()
    except psutil.NoSuchProcess:
        return False
