"""What a fork server forks in tests: `python -m tests.support.forked_programs WHAT [FOLDER]`."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

IMPORTED_IN = os.getpid()
RANK = os.environ.get("HOROVOD_RANK", "0")


def main(what: str, *more: str) -> None:
    print("forked" if os.getppid() == _server() else "anew", *more, RANK)
    if what == "exit":
        sys.exit(int(more[0]))
    if what == "say":
        raise SystemExit("the weights are gone")
    if what == "raise":
        raise ValueError("no such layer")
    if what == "wait":
        Path(more[0], f"ready-{RANK}").touch()
        while True:
            signal.pause()
    if what in ("stubborn", "save"):
        signal.signal(signal.SIGTERM, _save if what == "save" else signal.SIG_IGN)
        Path(more[0], f"ready-{RANK}").touch()
        while True:
            time.sleep(1)


def _save(number: int, frame: FrameType | None) -> None:
    """Save slowly, as a large checkpoint does."""
    time.sleep(0.7)
    Path(sys.argv[2], f"saved-{RANK}").touch()
    sys.exit(130)


def _server() -> int:
    """The process that imported this module first, where that was a fork server."""
    module = sys.modules.get("tests.support.forked_programs")
    return -1 if module is None else int(module.IMPORTED_IN)


if __name__ == "__main__":
    main(*sys.argv[1:])
