"""One rank of the scaling benchmark: `scaling_rank.py FOLDER ROUNDS STEPS`, started by `launch`.

For networks whose gradients are of several sizes it takes windows of steps in turn: rank 0 alone on
the machine, both ranks each for itself, and both as a ring. Rank 0 writes what all of them saw.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import keras
import numpy as np
import tensorflow as tf
from networks import CLASSES, IMAGE, cnn

from farandole.ring.collective import Collective, SingleProcess
from farandole.ring.connect import connect
from farandole.ring.efficiency import gradient_bytes
from farandole.ring.feed import Share
from farandole.ring.learner import Learner, Settings
from farandole.ring.leaving import leave
from farandole.ring.step import Control, Step
from farandole.ring.wire import measure

BATCH = 64
UNITS = (128, 512, 2048)  # of the dense layer: 2, 9 and 34 MB of gradients
RATE = 0.001


class Windows:
    """A network of its own with its compiled step, in a ring or alone."""

    def __init__(self, collective: Collective, units: int) -> None:
        model = cnn(units)
        learner = Learner(
            model=model,
            loss=lambda y, outputs: tf.nn.sparse_softmax_cross_entropy_with_logits(y, outputs),
            optimizer=keras.optimizers.SGD(RATE),
            schedule=lambda _: RATE,
        )
        learner.optimizer.build(model.trainable_variables)
        self.reduced_bytes = gradient_bytes(model)
        self._step = Step(learner, collective, Settings(BATCH * collective.size, BATCH, 1))
        self._share = share()
        self.take(2)

    def take(self, steps: int) -> tuple[float, float]:
        """Return the mean seconds of a step, and of its reduction."""
        reduction, began = 0.0, time.perf_counter()
        for step in range(steps):
            control = Control(step, RATE, 1.0, save=False, stop=False)
            reduction += self._step(self._share, control).reduction_seconds
        return (time.perf_counter() - began) / steps, reduction / steps


def share() -> Share:
    """Return one rank's rows of a step."""
    draw = np.random.default_rng(3)
    return Share(
        x=draw.normal(size=(BATCH, *IMAGE)).astype(np.float32),
        y=draw.integers(0, CLASSES, BATCH),
        weight=np.ones(BATCH, np.float32),
        positions=np.arange(BATCH),
    )


def measured(ring: Collective, units: int, rounds: int, steps: int) -> dict[str, Any]:
    """Return the seconds of steps of one network, round by round, the same on all ranks."""
    own, together = Windows(SingleProcess(), units), Windows(ring, units)
    seen: dict[str, list[float]] = {"alone": [], "beside": [], "ring": [], "reduction": []}
    for _ in range(rounds):
        alone = _in_turn(ring, lambda: own.take(steps)[0] if ring.rank == 0 else 0.0)
        beside = _in_turn(ring, lambda: own.take(steps)[0])
        both = _in_turn(ring, lambda: together.take(steps))
        seen["alone"].append(alone[0])
        seen["beside"].append(sum(beside) / ring.size)
        seen["ring"].append(sum(step for step, _ in both) / ring.size)
        seen["reduction"].append(min(reduction for _, reduction in both))
    return {"bytes": own.reduced_bytes, **seen}


def _in_turn(ring: Collective, take: Callable[[], Any]) -> list[Any]:
    """Take a window on every rank at once; returns what each of them saw."""
    ring.barrier()
    return ring.gather(take())


def main(folder: Path, rounds: int, steps: int) -> None:
    """Measure the wire, then every network; each rank keeps to a core of its own."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[int(os.environ["HOROVOD_RANK"]) % len(cores)]})
    ring = connect()
    wire = measure(ring)
    assert wire is not None
    found = [measured(ring, units, rounds, steps) for units in UNITS]
    if ring.rank == 0:
        told = {"wire": wire.model_dump(), "networks": found}
        (folder / "found.json").write_text(json.dumps(told))
    ring.barrier()
    leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
