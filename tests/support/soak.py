"""A ring that is killed over and over: `python -m tests.support.soak --kills 100` (`make soak`).

SIGKILL comes to a rank, to both, to a supervisor, to the launcher and to the reader beside the
ring: while it starts, in steps, and inside the writing of a checkpoint. In the end the weights, the
rows of every step, and the state that every life began with are held against an undisturbed run.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

from tests.support.soak_findings import Findings, findings
from tests.support.soak_plan import INTERVAL, STEPS_AN_EPOCH, Kill, planned
from tests.support.soak_ring import RunningRing, undisturbed

STEPS_A_KILL = 60
WRITING_STEPS = 10  # that may begin while a checkpoint is written, and is then cut off


@dataclass(frozen=True)
class Struck:
    """A kill that was carried out in `life`; `seconds` until the next step, None where none came.

    None comes before the next kill where that one strikes at the start.
    """

    kill: Kill
    life: int
    seconds: float | None


def steps_of(kills: int) -> int:
    """How many steps, whole epochs, a ring takes that is to be killed so often."""
    return -(-kills * STEPS_A_KILL // STEPS_AN_EPOCH) * STEPS_AN_EPOCH


def soak(
    folder: Path, reference: Path, kills: int, seed: int, say: Callable[[str], None]
) -> tuple[Findings, list[Struck]]:
    """Kill a ring in `folder` so often; `reference` is the undisturbed one's, of as many steps.

    Returns what was found, and how each kill went.
    """
    steps = steps_of(kills)
    ring = RunningRing(folder, steps)
    struck: list[Struck] = []
    try:
        plan = planned(kills, steps, seed)
        for kill, after in pairwise([*plan, None]):
            assert kill is not None
            _await(ring, kill, _lost(struck))
            patient = after is None or after.when != "at start"
            struck.append(_carried_out(ring, kill, patient))
            say(f"{len(struck)}: {_told(struck[-1])}")
        ring.finished()
    finally:
        ring.end()
    return findings(ring.folder, reference, steps), struck


def _lost(struck: Sequence[Struck]) -> int:
    """The last life that was struck down; a reader's death strikes none down."""
    return max((each.life for each in struck if each.kill.victim != "reader"), default=0)


def _carried_out(ring: RunningRing, kill: Kill, patient: bool) -> Struck:
    """Kill, and wait for a new life; where `patient`, for its first step."""
    life, step, began = ring.life, ring.step, time.monotonic()
    ring.strike(kill.victim)
    for name in ("pause", "paused"):
        (ring.folder / name).unlink(missing_ok=True)
    if kill.victim == "reader":
        ring.until(lambda: ring.step > step, "the ring stopped with its reader")
        assert ring.life == life, "the ring started again because of its reader"
        return Struck(kill, life, time.monotonic() - began)
    if kill.victim == "launcher":
        ring.launch()
    ring.until(lambda: ring.life > life, "no new life began")
    if not patient:
        return Struck(kill, life, None)
    ring.until(lambda: ring.step >= 0, "no step began")
    return Struck(kill, life, time.monotonic() - began)


def _await(ring: RunningRing, kill: Kill, lost: int) -> None:
    """Wait for the moment of a kill, in a life after the `lost` one."""
    ring.until(lambda: ring.life > lost, "no new life began")
    if kill.when != "at start":
        ring.until(lambda: ring.step >= kill.step, f"step {kill.step} did not come")
    if kill.when == "in a write":
        (ring.folder / "pause").write_text(kill.moment)
        ring.until((ring.folder / "paused").exists, f"no writer came to {kill.moment}")
    time.sleep(kill.seconds)


def _told(struck: Struck) -> str:
    kill = struck.kill
    where = f"{kill.when} ({kill.moment})" if kill.when == "in a write" else kill.when
    after = "" if struck.seconds is None else f"; next step after {struck.seconds:.1f} s"
    return f"{kill.victim} {where} of life {struck.life}{after}"


def table(found: Findings, struck: Sequence[Struck]) -> str:
    """What a person reads at the end."""
    return "\n".join(
        [
            "| killed | times | seconds to the next step: median | most | steps redone: most |",
            "|---|---|---|---|---|",
            *(_row(name, found, struck) for name in sorted({_kind(each) for each in struck})),
            "",
            f"{len(struck)} kills, {len(found.redone)} lives with a step, {found.hangs} hangs; "
            f"a checkpoint every {INTERVAL} steps",
            f"checkpoints read beside the writer: {found.reads}; torn ones passed over: "
            f"{found.torn_skipped}; torn ones read: {len(found.torn_read)}",
            f"steps with other rows: {len(found.other_rows)}; never taken: "
            f"{len(found.missing_steps)}; lives begun with another state: "
            f"{len(found.other_states)}",
            f"final weights bitwise those of the undisturbed run: {found.same_weights}",
        ]
    )


def _row(name: str, found: Findings, struck: Sequence[Struck]) -> str:
    mine = [each for each in struck if _kind(each) == name]
    seconds = [each.seconds for each in mine if each.seconds is not None] or [float("nan")]
    again = max(
        (found.redone.get(each.life + 1, 0) for each in mine if each.kill.victim != "reader"),
        default=0,
    )
    middle = statistics.median(seconds)
    return f"| {name} | {len(mine)} | {middle:.1f} | {max(seconds):.1f} | {again} |"


def _kind(struck: Struck) -> str:
    return f"{struck.kill.victim}, {struck.kill.when}"


def main() -> int:
    """Run a soak and say what came of it; 1 where anything is not as it must be."""
    parser = argparse.ArgumentParser(description="Kill a ring over and over, and look what it does")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"soak: {options.kills} kills, --seed {options.seed}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="farandole-soak-") as place:
        reference = undisturbed(Path(place, "undisturbed"), steps_of(options.kills))
        found, struck = soak(
            Path(place, "soak"), reference, options.kills, options.seed, partial(print, flush=True)
        )
    print(table(found, struck))
    faults = found.faults(WRITING_STEPS)
    print(f"{time.monotonic() - began:.0f} s; {'; '.join(faults) or 'all as it must be'}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
