"""Processes of this machine: start supervisors, end all that they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

import psutil

from farandole.launch.rank import GRACE_SECONDS

PATIENCE_SECONDS = 1.0  # beyond the grace, for supervisors to see their programs end

Process = subprocess.Popen[bytes]


def start_rank(
    program: Sequence[str],
    rank: int,
    folder: Path,
    environment: Mapping[str, str],
    fork_server: Path | None = None,
) -> Process:
    """Start `program` under a supervisor, in a session of its own: Ctrl-C reaches only us."""
    supervisor = ["farandole.launch.rank", "--folder", str(folder), "--rank", str(rank)]
    supervisor += [] if fork_server is None else ["--fork-server", str(fork_server)]
    return subprocess.Popen(
        [sys.executable, "-m", *supervisor, "--parent", str(os.getpid()), "--", *program],
        stdin=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )


def invite_to_leave(processes: Sequence[Process]) -> None:
    """Tell supervisors to ask their programs to end, in their own time."""
    for process in processes:
        process.send_signal(signal.SIGUSR1)


def end(processes: Sequence[Process]) -> None:
    """End supervisors and all below them: asked first, killed after the grace."""
    with _uninterrupted():
        below = [child for process in processes for child in _descendants(process.pid)]
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS + PATIENCE_SECONDS
        for process in processes:  # a supervisor ends once it has recorded its program's end
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        for child in below:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        for process in processes:
            process.kill()
            process.wait()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does; only a main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    raise KeyboardInterrupt


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Finish the block whatever is typed: it takes seconds, and leaves nothing behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
