"""A ring with the evaluator beside it, as train starts them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from farandole.api.progress import Progress
from farandole.launch.companion import Companion, companion
from farandole.steps.observe import BEGUN, FOLLOWING, NAME

FAREWELL = 10.0  # seconds to score the last checkpoint in, once the ring has ended
SHARE = 0.05  # of the time that the ring took, where that is less


@dataclass
class Attendance:
    """Whether the evaluator began, and what is to be said of it; both once the block has ended."""

    begun: bool = False
    notices: list[str] = field(default_factory=list)


@contextmanager
def attended(request: Path, job: str, wanted: bool, progress: Progress) -> Iterator[Attendance]:
    """Have the evaluator beside the ring that runs in the block, where it is wanted.

    After the block it is given a short time to score the last checkpoint. A notice says how it
    failed, which never fails the training.
    """
    attendance = Attendance()
    if not wanted:
        yield attendance
        return
    program = [sys.executable, "-m", "farandole.steps.observe", str(request), job]
    began = time.monotonic()
    with companion(program, request.parent, NAME, {}) as evaluator:
        yield attendance
        _finish(evaluator, time.monotonic() - began, progress)
        attendance.begun = evaluator.ring.told(BEGUN)
        if (failure := evaluator.failure) is not None:
            notice = f"the evaluator beside the ring {failure}; training was not touched"
            attendance.notices.append(notice)
            progress.say(notice)


def _finish(evaluator: Companion, trained: float, progress: Progress) -> None:
    """Wait for the last finding, where the evaluator has come to follow at all."""
    seconds = min(FAREWELL, SHARE * trained) if evaluator.ring.told(FOLLOWING) else 0.0
    if not evaluator.finish(seconds) and evaluator.ring.told(BEGUN):
        progress.say(f"the evaluator was ended {seconds:.0f} s after the ring, before it was done")
