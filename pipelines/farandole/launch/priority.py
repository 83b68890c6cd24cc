"""Standing back: a process that works with what others leave."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

LOWEST = 19
FIRST_TO_GO = "1000"  # of /proc/self/oom_score_adj: ended first where memory runs out


def stand_back() -> None:
    """Take the lowest claim on processor, disk and memory that this system has, for good.

    Call it before threads are started, which inherit it. What a system lacks is left out.

    A nice value says nothing across sessions where Linux groups processes by session
    (sched_autogroup): measured, 19 beside a busy process of another session got half a core, and
    2.5 % of one with the group's own nice value, as sched(7) says.
    """
    for act in (_processor, _session, _disk, _memory):
        with suppress(OSError):
            act()


def _processor() -> None:
    os.setpriority(os.PRIO_PROCESS, 0, LOWEST)
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _session() -> None:
    _again(lambda: _told(Path("/proc/self/autogroup"), str(LOWEST)))


def _disk() -> None:
    if psutil.LINUX:
        psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)


def _memory() -> None:
    _told(Path("/proc/self/oom_score_adj"), FIRST_TO_GO)


def _told(path: Path, value: str) -> None:
    """Write what the kernel reads; a file that is not there is not made."""
    with path.open("r+", encoding="ascii") as file:
        file.write(value)


def _again(act: Callable[[], None]) -> None:
    """Repeat what the kernel takes from all processes together ten times a second."""
    for _ in range(5):
        with suppress(BlockingIOError):
            return act()
        time.sleep(0.1)
    return None
