"""End everything that a run has started, also what has left its tree."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import psutil

MARK = "FARANDOLE_RUN"
"""Environment variable that every process of a run inherits: launchers leave orphans behind."""

GRACE = 3.0
"""Seconds between SIGTERM and SIGKILL; with the second look it stays under the 5 s we promise."""

LOOK = 0.05
"""Seconds between two looks at what is left."""


def marked(run: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which the processes of a run are started."""
    return {**environment, MARK: run}


def end_run(run: str, grace: float = GRACE) -> None:
    """Ask every other process of a run to end, and after `grace` seconds end what is left."""
    _signal(run, psutil.Process.terminate)
    if not _ended(run, grace):
        _signal(run, psutil.Process.kill)
        _ended(run, grace)


def members(run: str) -> list[int]:
    """Return the process ids of a run, without the caller's own."""
    return [process.pid for process in _members(run)]


def _members(run: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _belongs(process, run)]


def _belongs(process: psutil.Process, run: str) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        return process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == run
    except (psutil.Error, OSError):
        return False


def _signal(run: str, send: Callable[[psutil.Process], None]) -> None:
    for process in _members(run):
        with suppress(psutil.NoSuchProcess):
            send(process)


def _ended(run: str, seconds: float) -> bool:
    """Wait until a run has no process; one that nobody has buried yet (a zombie) does not count."""
    deadline = time.monotonic() + seconds
    while _members(run):
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK)
    return True
