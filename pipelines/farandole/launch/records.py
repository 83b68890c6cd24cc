"""What the supervisors of a ring wrote down, and which rank was the first to fail."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from farandole.launch.rank import Record

_NOISE = re.compile(r"[IW]\d{4} |WARNING: All log messages before absl|To enable the following")
TAKING_DOWN_SECONDS = 1.0


def read_record(folder: Path, rank: int) -> Record | None:
    """Return a rank's record; None where its program never started."""
    path = folder / f"{rank}.json"
    return Record(**json.loads(path.read_bytes())) if path.exists() else None


def first_failure(failed: Sequence[Record]) -> Record:
    """Return the record of the rank that failed first, of those that failed.

    One without an end comes first: its supervisor was killed, and nothing else takes that away. One
    that was killed had a head start: taking its memory down can last longer than another rank needs
    to notice and to end.
    """
    return min(failed, key=_when)


def describe(record: Record, ranks: int) -> str:
    """Say how a rank ended: the rank, its step, the signal or code, and its last lines."""
    lines = _told(record.last)
    last = "\n".join(["; its last lines:", *(f"    {line}" for line in lines)]) if lines else ""
    return f"{headline(record, ranks)}{last}"


def headline(record: Record, ranks: int) -> str:
    """Say in one line how a rank ended: the rank, its step, the signal or code."""
    step = "before its first step" if record.step is None else f"in step {record.step}"
    return f"rank {record.rank} of {ranks} {_ending(record)} {step}"


def _when(record: Record) -> float:
    head_start = TAKING_DOWN_SECONDS if record.signal == "SIGKILL" else 0.0
    return (record.ended or 0.0) - head_start


def _ending(record: Record) -> str:
    if record.code is None:
        return "was lost with its supervisor"
    if record.signal == "SIGKILL":
        return "was killed by SIGKILL (by a person, or by the system for want of memory)"
    if record.signal is not None:
        return f"was killed by {record.signal}"
    return f"ended with exit code {record.code}"


def _told(last: str) -> list[str]:
    """Return the lines worth reading: TensorFlow greets everyone on standard error."""
    lines = [line.rstrip() for line in last.splitlines()]
    return [line for line in lines if line and not _NOISE.match(line)][-20:]
