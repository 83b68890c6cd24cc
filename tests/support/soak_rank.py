"""One rank of the soak: `python -m tests.support.soak_rank FOLDER ATTEMPT STEPS [reference]`.

A head on small rows that leaves behind, readable after kill -9, which rows each of its steps used
and a digest of all it knew at its first step; the reference leaves a digest at every step.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

from farandole.api.errors import ExitCode
from farandole.data.store import open_store
from farandole.ring.connect import connect
from farandole.ring.learner import Fitted, Learner, Rows, Settings
from farandole.ring.leaving import leave_after
from farandole.ring.stop_request import StopRequest, stop_on_signals
from farandole.ring.training import fit
from tests.support.ring_learning import CLASSES, Ticks, cross_entropy, head, rows, weights
from tests.support.soak_pausing import PausingStore
from tests.support.soak_plan import BATCH, INTERVAL, ROWS, STEPS_AN_EPOCH

HELD = 10**6  # from here on ids are those of validation rows
STEP_SECONDS = 0.004
JOB = "checkpoints/soak"


def numbered(given: Rows, first: int = 0) -> Rows:
    """Rows whose label says which row it is, too: so a step can tell which rows it saw."""
    return replace(given, y=(np.arange(len(given)) + first) * CLASSES + given.y)


def told(learner: Learner, file: Path) -> Learner:
    """The learner, whose loss writes down the step and its rows; rows of weight 0 are none."""
    out = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    where: Any = learner.context

    def note(step: Any, weight: Any, ids: Any) -> Any:
        if ids[0] < HELD:
            kept = ids[weight > 0].astype("<i8")
            os.write(out, struct.pack("<qq", int(step), len(kept)) + kept.tobytes())
        return np.int64(0)

    def loss(y: Any, outputs: Any) -> Any:
        seen = [where.step.read_value(), where.weight.read_value(), y // CLASSES]
        with tf.control_dependencies([tf.numpy_function(note, seen, tf.int64)]):
            return cross_entropy(tf.identity(y) % CLASSES, outputs)

    def accuracy(y: Any, outputs: Any) -> Any:
        return tf.equal(tf.argmax(outputs, axis=-1), tf.cast(y % CLASSES, tf.int64))

    return replace(learner, loss=loss, metrics={"accuracy": accuracy})


def digest(learner: Learner) -> str:
    """A digest of what a checkpoint holds of a learner."""
    every = [*learner.model.variables, *learner.optimizer.variables]
    return hashlib.sha256(b"".join(v.numpy().tobytes() for v in every)).hexdigest()


def stopping(
    learner: Learner, file: Path, ticks: Ticks, asked: StopRequest, each: bool
) -> Callable[[], bool]:
    """What `fit` asks before each step: a tick, and the digest before the first, or before each."""
    out = file.open("a")

    def stop() -> bool:
        if each or ticks.now == 0:
            out.write(digest(learner) + "\n")
            out.flush()
        ticks.stop()
        if not each:
            time.sleep(STEP_SECONDS)
        return asked()

    return stop


def main(folder: Path, attempt: int, steps: int, reference: bool) -> ExitCode:
    """Train `steps` steps, from the last checkpoint; rank 0 leaves the weights."""
    asked = stop_on_signals()
    ring = connect()
    name = f"{attempt:05d}-{ring.rank}"
    settings = Settings(
        global_batch=BATCH,
        lanes=8,
        epochs=steps // STEPS_AN_EPOCH,
        checkpoint_seconds=INTERVAL,
        digest_every=20,
        identity="soak",
        fence=attempt,
    )
    learner = told(head(settings, ring), folder / "rows" / name)
    ticks = Ticks()
    fitted: Fitted = fit(
        learner,
        numbered(rows(ROWS)),
        numbered(rows(50, copies=1, seed=1), HELD),
        settings,
        ring,
        PausingStore(open_store(str(folder / "store")), folder),
        JOB,
        stop=stopping(learner, folder / "digests" / name, ticks, asked, reference),
        clock=ticks,
    )
    if fitted.interrupted:
        return ExitCode.INTERRUPTED
    if ring.rank == 0:
        np.savez(folder / "weights.npz", **weights(learner.model))
        (folder / "fitted.json").write_text(json.dumps({"best": fitted.best_step}))
    ring.barrier()
    return ExitCode.OK


if __name__ == "__main__":
    leave_after(
        lambda: main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), len(sys.argv) > 4)
    )
