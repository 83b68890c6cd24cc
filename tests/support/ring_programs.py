"""Small programs for ranks, and what became of their processes; no TensorFlow here."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

BEAT = """
import os
from pathlib import Path
from farandole.ring.heartbeat import heartbeat
rank = int(os.environ.get("HOROVOD_RANK", "0"))
heart = heartbeat(Path(os.environ["FARANDOLE_HEARTBEAT"]))
"""


def python(source: str) -> list[str]:
    return [sys.executable, "-c", source]


def beating(source: str) -> list[str]:
    """A program that knows its `rank` and has a `heart`."""
    return python(BEAT + source)


def wait_until(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.02)
    return found


def record(folder: Path, rank: int) -> dict[str, Any]:
    """The record of a rank, once its program has started."""
    path = folder / "ranks" / f"{rank}.json"
    wait_until(path.exists)
    read: dict[str, Any] = json.loads(path.read_bytes())
    return read


def processes(folder: Path, ranks: int) -> list[int]:
    """The process ids of all supervisors and programs."""
    records = [record(folder, rank) for rank in range(ranks)]
    return [r[kind] for r in records for kind in ("supervisor", "program")]


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def launcher(program: list[str], ranks: int, folder: Path) -> list[str]:
    """A program of its own that starts a ring, for tests that signal the launcher."""
    return python(
        "from pathlib import Path; from farandole.launch.here import ring; "
        f"ring({program!r}, {ranks}, Path({os.fspath(folder)!r}))"
    )
