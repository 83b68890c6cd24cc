"""One rank that marks when it gets where, and kills itself; started by benchmarks/restart.py.

`python -m restart_rank FOLDER LIVES LIFE` is one life of a rank in a process of its own;
`... LIVES survivingLIFE` lives on in its process when the other rank has died.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, os.fspath(Path(__file__).parents[1]))

import keras
import numpy as np
import psutil
import tensorflow as tf
from networks import CLASSES, IMAGE, cnn

from farandole.api.errors import RingError
from farandole.data.store import open_store
from farandole.ring.connect import connect
from farandole.ring.learner import Learner, Rows, Settings
from farandole.ring.leaving import leave, leave_after
from farandole.ring.stores import MemoryStore
from farandole.ring.training import fit

IMPORTED = time.time()
RANKS, BATCH, ROWS = 2, 64, 2048
CHECKPOINT_STEPS, KILL_STEP = 3, 5  # of each life, counted from its first


@dataclass
class Marks:
    """When a life of a rank got where, in seconds since the epoch; it dies at its last step."""

    folder: Path
    life: int
    lives: int
    rank: int
    steps: int = 0
    seen: dict[str, float] = field(default_factory=dict)

    def at(self, what: str) -> None:
        """Mark that this rank is here."""
        self.seen[what] = time.time()

    def __call__(self) -> float:
        """The clock of training: one tick a step, so that checkpoints come at fixed steps."""
        return float(self.steps)

    def stop(self) -> bool:
        """What `fit` asks before every step; the last life ends by itself."""
        if self.steps < 2:
            self.at("first step" if self.steps else "resumed")
        if self.steps == 1:
            path = self.folder / f"marks-{self.life}-{self.rank}.json"
            path.write_text(json.dumps(self.seen))
        self.steps += 1
        if self.steps == KILL_STEP and self.life < self.lives and self.rank == 1:
            (self.folder / f"killed-{self.life}").write_text(repr(time.time()))
            os.kill(os.getpid(), signal.SIGKILL)
        return self.steps > KILL_STEP and self.life == self.lives


def learner() -> Learner:
    """Return the CNN with Adam."""
    return Learner(
        model=cnn(),
        loss=tf.nn.sparse_softmax_cross_entropy_with_logits,
        optimizer=keras.optimizers.Adam(1e-3),
        schedule=lambda _: 1e-3,
        metrics={"accuracy": lambda y, out: tf.equal(tf.argmax(out, axis=-1), y)},
    )


def rows() -> Rows:
    """Return pictures of noise."""
    draw = np.random.default_rng(1)
    x = draw.standard_normal((1, ROWS, *IMAGE), np.float32)
    weight = np.ones(ROWS, np.float32)
    return Rows(x, draw.integers(0, CLASSES, ROWS), weight, [str(row) for row in range(ROWS)])


def live(marks: Marks, store: Any, known: Learner | None = None) -> Learner:
    """Join, build and train until this life ends."""
    ring = connect()
    marks.at("joined")
    learned = known or learner()
    train = rows()
    marks.at("built")
    settings = Settings(
        global_batch=BATCH * RANKS,
        lanes=8,
        epochs=1000,
        checkpoint_seconds=CHECKPOINT_STEPS,
        fence=marks.life,
    )
    fit(learned, train, None, settings, ring, store, stop=marks.stop, clock=marks)
    return learned


def fresh(folder: Path, lives: int, life: int) -> int:
    """One life in a process of its own."""
    marks = Marks(folder, life, lives, int(os.environ["HOROVOD_RANK"]))
    marks.seen |= {"python": psutil.Process().create_time(), "imported": IMPORTED}
    live(marks, open_store(str(folder / "store")))
    return 0


def surviving(folder: Path, lives: int, life: int) -> None:
    """Rank 0 keeps its process, its network and its state, and meets a new rank 1 elsewhere."""
    known, store = None, MemoryStore()
    while True:
        rank = int(os.environ["HOROVOD_RANK"])
        os.environ["FARANDOLE_RING_ADDR"] = str(folder / f"meet-{life}")
        marks = Marks(folder, life, lives, rank)
        if known is None:
            marks.seen |= {"python": psutil.Process().create_time(), "imported": IMPORTED}
        try:
            known = known or learner()
            live(marks, store, known)
        except RingError:
            life += 1
        else:
            return


if __name__ == "__main__":
    place, count, what = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    if what.startswith("surviving"):
        surviving(place, count, int(what.removeprefix("surviving")))
    else:
        leave_after(lambda: fresh(place, count, int(what)))
    leave()
