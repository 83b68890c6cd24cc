"""What a soak left behind, held against the run that nobody disturbed."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.support.soak_plan import INTERVAL

Seen = dict[int, list[int]]  # the rows of each step, of one rank in one life


@dataclass(frozen=True)
class Findings:
    """`redone` says of each life how many of its steps earlier ones had begun; the rest: faults."""

    redone: dict[int, int]
    other_rows: list[str] = field(default_factory=list)
    missing_steps: list[int] = field(default_factory=list)
    other_states: list[str] = field(default_factory=list)
    torn_read: list[str] = field(default_factory=list)
    reads: int = 0
    torn_skipped: int = 0
    hangs: int = 0
    same_weights: bool = False

    def faults(self, late: int) -> list[str]:
        """Say what is wrong; `late` steps may begin while a checkpoint is written."""
        worst = max(self.redone.values(), default=0)
        told = {
            f"{worst} steps were begun again, the interval is {INTERVAL}": worst > INTERVAL + late,
            f"other rows than undisturbed: {self.other_rows[:3]}": bool(self.other_rows),
            f"steps that nobody took: {self.missing_steps[:9]}": bool(self.missing_steps),
            f"other states than undisturbed: {self.other_states[:3]}": bool(self.other_states),
            f"torn checkpoints that were read: {self.torn_read[:3]}": bool(self.torn_read),
            f"{self.hangs} hangs": self.hangs > 0,
            "the final weights are not bitwise those of the undisturbed run": not self.same_weights,
        }
        return [what for what, so in told.items() if so]


def seen(file: Path) -> Seen:
    """The rows of each step that a rank wrote down; what a kill cut off at the end is none."""
    content, at, found = file.read_bytes(), 0, Seen()
    while at + 16 <= len(content):
        step, count = struct.unpack_from("<qq", content, at)
        at += 16 + 8 * count
        if at <= len(content):
            found[step] = np.frombuffer(content[at - 8 * count : at], "<i8").tolist()
    return found


def lives(folder: Path) -> dict[tuple[int, int], Seen]:
    """What each rank of each life saw, by (life, rank), for those that began a step."""
    files = sorted((folder / "rows").iterdir())
    named = {(int(f.name[:5]), int(f.name[6:])): seen(f) for f in files}
    return {name: steps for name, steps in named.items() if steps}


def findings(folder: Path, reference: Path, steps: int) -> Findings:
    """Compare a soak in `folder` with the undisturbed run in `reference`, both of `steps` steps."""
    every, truth = lives(folder), lives(reference)
    digests = (reference / "digests" / "00001-0").read_text().splitlines()
    torn, reads, skipped = _read(folder, digests)
    taken = {step for name, life in every.items() if name[1] == 0 for step in life}
    return Findings(
        redone=_redone(every),
        other_rows=_other_rows(every, truth),
        missing_steps=sorted(set(range(steps)) - taken),
        other_states=_other_states(folder, every, digests),
        torn_read=torn,
        reads=reads,
        torn_skipped=skipped,
        hangs=(folder / "said").read_text().count("no rank made progress")
        if (folder / "said").exists()
        else 0,
        same_weights=_weights(folder, reference),
    )


def _redone(every: Mapping[tuple[int, int], Seen]) -> dict[int, int]:
    furthest, redone = -1, dict[int, int]()
    for (life, rank), steps in sorted(every.items()):
        if rank == 0:
            redone[life] = max(0, furthest + 1 - min(steps))
            furthest = max(furthest, *steps)
    return redone


def _other_rows(
    every: Mapping[tuple[int, int], Seen], truth: Mapping[tuple[int, int], Seen]
) -> list[str]:
    return [
        f"life {life}, rank {rank}, step {step}"
        for (life, rank), steps in every.items()
        for step, rows in steps.items()
        if rows != truth[1, rank][step]
    ]


def _other_states(
    folder: Path, every: Mapping[tuple[int, int], Seen], digests: list[str]
) -> list[str]:
    """The lives that began with other variables than the undisturbed run had at that step."""
    return [
        f"life {life}, rank {rank}, step {min(steps)}"
        for (life, rank), steps in every.items()
        if (folder / "digests" / f"{life:05d}-{rank}").read_text().split()[:1]
        != [digests[min(steps)]]
    ]


def _read(folder: Path, digests: list[str]) -> tuple[list[str], int, int]:
    """What readers took for whole and was not; how often they read; how many torn ones they met."""
    lines = [line for file in (folder / "read").iterdir() for line in file.open()]
    reads = [json.loads(line) for line in lines if line.endswith("\n")]
    bad = [
        str(read)
        for read in reads
        if "error" in read
        or (read["step"] < len(digests) and read["digest"] != digests[read["step"]])
    ]
    return bad, len(reads), sum(len(read.get("torn", [])) for read in reads)


def _weights(folder: Path, reference: Path) -> bool:
    if not (folder / "weights.npz").exists():
        return False
    with np.load(folder / "weights.npz") as ours, np.load(reference / "weights.npz") as theirs:
        return {k: v.tobytes() for k, v in ours.items()} == {
            k: v.tobytes() for k, v in theirs.items()
        }
