"""What crosses the wire in a step: how long it takes, and that it changes nothing else."""

import subprocess
import sys
from time import monotonic

import numpy as np
import pytest

from farandole.ring.collective import Collective, SingleProcess
from farandole.ring.feed import Feed, Share
from farandole.ring.lanes import Lanes, lanes_of
from farandole.ring.learner import Settings
from farandole.ring.step import Control, Outcome, Step
from farandole.ring.threads import Threads
from tests.support.ring_learning import head, rows

SETTINGS = Settings(global_batch=16, lanes=8, epochs=1)
LATE_SECONDS = 0.2


def control(step: int) -> Control:
    return Control(step, learning_rate=0.01, loss_scale=1.0, save=False, stop=False)


def share(ring: Collective) -> Share:
    mine = lanes_of(ring.rank, ring.size, SETTINGS.lanes)
    return Feed(rows(64), Lanes(64, SETTINGS.global_batch, SETTINGS.lanes), mine, 7).share(0, 0)


def prepared(ring: Collective) -> Step:
    made = head(SETTINGS, ring)
    made.optimizer.build(made.model.trainable_variables)
    return Step(made, ring, SETTINGS)


def test_a_rank_that_waits_for_a_slower_one_counts_its_waiting_as_reduction() -> None:
    def program(ring: Collective) -> tuple[Outcome, float]:
        step, mine = prepared(ring), share(ring)
        step(mine, control(0))  # compiled before the clock runs
        ring.barrier()
        begin = monotonic()
        while ring.rank == 1 and monotonic() < begin + LATE_SECONDS:
            np.linalg.norm(mine.x)  # a slow rank computes
        outcome = step(mine, control(1))
        return outcome, monotonic() - begin

    (waited, whole), (late, _) = Threads(2).run(program)
    assert LATE_SECONDS / 2 < waited.reduction_seconds <= whole
    assert 0 < late.reduction_seconds < waited.reduction_seconds


def test_one_rank_alone_spends_nothing_on_reduction() -> None:
    ring = SingleProcess()
    outcome = prepared(ring)(share(ring), control(0))
    assert outcome.reduction_seconds == 0
    assert outcome.sums[0] == pytest.approx(share(ring).weight.sum())


def test_reproducible_ranks_count_their_waiting_too() -> None:
    """TensorFlow refuses its clock to deterministic kernels, in all that the process computes."""
    asked = """
import tensorflow as tf
from farandole.ring.determinism import make_ops_deterministic
from farandole.ring.reduction import Reduction
from farandole.ring.threads import Threads

make_ops_deterministic()

def program(ring):
    step = tf.function(lambda x: Reduction(ring)([x], [x]).seconds)
    return float(step(tf.ones([3])))

assert all(0 < seconds < 60 for seconds in Threads(2).run(program))
"""
    subprocess.run([sys.executable, "-c", asked], check=True, timeout=120)
