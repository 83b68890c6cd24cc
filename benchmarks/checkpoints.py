"""What a checkpoint costs training: windows of steps with one against windows with none, in turn.

One `fit` in one process on a folder of this disk. Its clock is ours: it leaps when a checkpoint is
to fall due, so that one is taken, hashed, written, synced and rotated within every second window,
and none in the others. A checkpoint's cost is the difference; it does not depend on how long
the interval is, so the slow-down at one every 10 s is that difference over 10 s:
(with / without - 1) x (seconds of a window without) / 10.
"""

from __future__ import annotations

import os
import statistics
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import keras
from figures import Figure, publish
from loop import BATCH, CASES, Case, learner, rows_of

from farandole.data.folder_store import FolderStore
from farandole.ring.collective import SingleProcess
from farandole.ring.learner import Settings
from farandole.ring.training import fit

INTERVAL = 10.0
WARM = 2
FAR = 1e9


def wide() -> Any:
    """Return a dense network of 8,421,642 parameters: 101 MB with Adam's two moments."""
    keras.utils.set_random_seed(7)
    dense = keras.layers.Dense
    hidden = [dense(2048, activation="relu"), dense(2816, activation="relu")]
    return keras.Sequential([keras.Input([1280]), *hidden, dense(10)])


CASES_KEPT = (
    (
        Case("CNN with Adam, 6.7 MB of state", CASES[1].network, CASES[1].shape, 4096, 48, 24, ""),
        True,
    ),
    (Case("dense network with Adam, 101 MB of state", wide, (1280,), 4096, 36, 20, ""), False),
)


class LeapingClock:
    """The time, and now and then an age later."""

    def __init__(self) -> None:
        self._leapt = 0.0

    def __call__(self) -> float:
        """Return seconds."""
        return perf_counter() + self._leapt

    def leap(self) -> None:
        """Let a checkpoint fall due."""
        self._leapt += FAR


class NotingStore(FolderStore):
    """A folder that notes when each manifest was there, which ends a write."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.done: list[float] = []

    def put(self, key: str, content: bytes) -> None:
        """Write an object."""
        super().put(key, content)
        if key.endswith("manifest.json"):
            self.done.append(perf_counter())


@dataclass
class Windows:
    """Asked by `fit` in each step whether to stop, it divides the steps into windows.

    Pairs go with-without, then without-with, so that neither profits from its place.
    """

    case: Case
    clock: LeapingClock
    store: NotingStore
    kept: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    _steps: int = 0
    _began: float = 0.0

    def __call__(self) -> bool:
        """Count a step; at a window's end note its seconds and begin the next."""
        if self._steps % self.case.window == 0:
            if self._steps:
                self._note()
            self._begin()
        self._steps += 1
        return len(self.kept) + len(self.plain) == 2 * (self.case.pairs + WARM)

    @property
    def _keeps(self) -> bool:
        """Whether the window that has begun holds a checkpoint."""
        return (len(self.kept) + len(self.plain)) % 4 in (0, 3)

    def _begin(self) -> None:
        self._began = perf_counter()
        if self._keeps:
            self.clock.leap()

    def _note(self) -> None:
        now = perf_counter()
        writes = [done - self._began for done in self.store.done if self._began < done <= now]
        if len(self.kept) >= WARM and len(writes) != self._keeps:
            sys.exit(f"a window held {len(writes)} checkpoints where {int(self._keeps)} was due")
        self.writes += writes[:1] if self._keeps else []
        (self.kept if self._keeps else self.plain).append(now - self._began)


def measured(case: Case) -> Windows:
    """Train, and time the windows."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parents[1]) as folder:
        clock, store = LeapingClock(), NotingStore(Path(folder))
        windows = Windows(case, clock, store)
        settings = Settings(
            global_batch=BATCH,
            lanes=BATCH,
            epochs=1000,
            minimum_gain=FAR,  # no epoch after the first is the best: no checkpoint but those due
            checkpoint_seconds=FAR / 2,
        )
        train, held = rows_of(*case.data(case.rows)), rows_of(*case.data(32))
        made = learner(case)
        fit(made, train, held, settings, SingleProcess(), store, stop=windows, clock=clock)
    return windows


def figure(case: Case, has_goal: bool) -> Figure:
    """Return the slow-down in percent at one checkpoint every `INTERVAL` seconds."""
    windows = measured(case)
    kept, plain = windows.kept[WARM:], windows.plain[WARM:]
    shares = [100 * (one - other) / INTERVAL for one, other in zip(kept, plain, strict=True)]
    window, cost = statistics.median(plain), statistics.median(shares) / 100 * INTERVAL
    write = statistics.median(windows.writes[WARM:])
    return Figure(
        f"slow-down by a checkpoint every {INTERVAL:.0f} s, {case.name}",
        "%",
        shares,
        goal="<= 1 %, upper end <= 3 %" if has_goal else "told only",
        note=(
            f"{1e3 * cost:.1f} ms a checkpoint: windows of {window:.2f} s with one against none; "
            f"{1e3 * write:.0f} ms from falling due to complete, beside the steps"
        ),
        higher=False,
        details={"seconds with": kept, "seconds without": plain},
    )


def main(chosen: str = "") -> None:
    """Measure; a name's beginning (`cnn`) measures that case alone and publishes nothing."""
    cases = [each for each in CASES_KEPT if each[0].name.lower().startswith(chosen)]
    found = [figure(*each) for each in cases]
    if chosen:
        print(*(each.row() for each in found), sep="\n")
        return
    publish("checkpoints", "Checkpoints beside the steps", found)


if __name__ == "__main__":
    main(*sys.argv[1:])
