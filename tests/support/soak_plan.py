"""Which process of a ring is killed, and when: drawn once, from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from tests.support.soak_pausing import MOMENTS, Moment

When = Literal["at start", "in a step", "in a write"]
Victim = Literal[
    "rank 0", "rank 1", "both ranks", "supervisor", "launcher", "fork server", "reader"
]

ROWS, BATCH, INTERVAL = 400, 16, 20  # rows; rows a step; steps between two checkpoints
STEPS_AN_EPOCH = ROWS // BATCH
STARTING_SECONDS = 0.8  # a life starts in so many, unless its launcher or fork server is new
SHARES: dict[When, int] = {"in a step": 11, "in a write": 5, "at start": 4}
VICTIMS: dict[When, tuple[Victim, ...]] = {
    "at start": ("rank 0", "rank 1", "supervisor", "launcher"),
    "in a step": (
        "rank 0",
        "rank 1",
        "both ranks",
        "supervisor",
        "launcher",
        "launcher",
        "fork server",
        "reader",
    ),
    "in a write": ("rank 0", "rank 0", "rank 1", "launcher"),
}


@dataclass(frozen=True)
class Kill:
    """SIGKILL of `victim`, once `step` has begun; then after `seconds`, or in `moment` of a write.

    At start: `seconds` after a life has started, whatever it is doing then.
    """

    step: int
    when: When
    victim: Victim
    seconds: float
    moment: Moment


def planned(kills: int, steps: int, seed: int) -> list[Kill]:
    """Kills spread over `steps` steps; every kind of moment comes in its share.

    A reader is not killed twice in a row: only a new life has a new one.
    """
    draw = random.Random(seed)
    kinds = [when for when, share in SHARES.items() for _ in range(share)]
    whens = [kinds[number * 13 % len(kinds)] for number in range(kills)]
    draw.shuffle(whens)
    places = sorted(draw.randrange(1, max(2, steps * 3 // 4)) for _ in range(kills))
    moments = [MOMENTS[number % len(MOMENTS)] for number in range(kills)]
    draw.shuffle(moments)
    plan: list[Kill] = []
    for place, when, moment in zip(places, whens, moments, strict=True):
        there = [v for v in VICTIMS[when] if not plan or v != "reader" or plan[-1].victim != v]
        seconds = draw.uniform(0, STARTING_SECONDS if when == "at start" else 0.02)
        plan.append(Kill(place, when, draw.choice(there), seconds, moment))
    return plan
