"""Programs that real ranks run in tests: `python -m tests.support.ring_ranks WHAT FOLDER ...`.

Each writes what it found as `FOLDER/<what>-<rank>.json`, or raises.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf

from farandole.api.errors import ExitCode, FarandoleError, RingError
from farandole.data.store import open_store
from farandole.ring.callbacks import MetricReduction, WarmUp
from farandole.ring.collective import Collective
from farandole.ring.connect import connect
from farandole.ring.determinism import make_deterministic
from farandole.ring.learner import Fitted, Settings
from farandole.ring.leaving import leave
from farandole.ring.optimizer import DistributedOptimizer, broadcast
from farandole.ring.stop_request import stop_on_signals
from farandole.ring.stores import MemoryStore, Store
from farandole.ring.training import fit
from tests.support.ring_collective_contract import CONTRACT
from tests.support.ring_learning import CLASSES, Ticks, dense, head, rows, same_bits, weights

SETTINGS = Settings(
    global_batch=16, lanes=8, epochs=10, checkpoint_seconds=7, digest_every=20, identity="ranks"
)
TRAIN, HELD = rows(150), rows(50, copies=1, seed=1)


def train(
    ring: Collective,
    optimizer: str,
    settings: Settings = SETTINGS,
    store: Store | None = None,
    prefix: str = "checkpoints/job",
    ticks: Ticks | None = None,
    stop: Callable[[], bool] | None = None,
    meddle: Callable[[Any], None] | None = None,
) -> tuple[Fitted, Mapping[str, Any]]:
    """Train the head; `meddle` is given the model before the first step."""
    ticks = ticks or Ticks()
    learner = head(settings, ring, optimizer)
    if meddle is not None:
        meddle(learner.model)
    fitted = fit(
        learner, TRAIN, HELD, settings, ring, store, prefix, stop=stop or ticks.stop, clock=ticks
    )
    return fitted, weights(learner.model)


def whole(ring: Collective, folder: Path) -> dict[str, Any]:
    """Everything that a healthy ring does, and errors that leave all ranks alive."""
    found: dict[str, Any] = {"contract": contract(ring), "own_script": own_script(ring)}
    found["differentiable"] = differentiable(ring)
    found["diverged"] = diverged(ring)
    found["not_finite"] = not_finite(ring)
    for optimizer in ("sgd", "adam"):
        fitted, trained = train(ring, optimizer)
        np.savez(folder / f"{optimizer}-{ring.size}-{ring.rank}.npz", **trained)
        found[optimizer] = fitted.history[-1].model_dump()
    return found


def contract(ring: Collective) -> dict[str, str]:
    """Run the contract of collectives on arrays and on tensors in a graph."""
    in_graph = tf.function(ring.sum)
    kinds: Mapping[str, Callable[[Any], Any]] = {"arrays": np.asarray, "tensors": tf.constant}
    for kind in kinds.values():
        for clause in CONTRACT:
            clause(ring, kind)
    total = in_graph(tf.fill([3], float(ring.rank))).numpy().tolist()
    assert total == [float(sum(range(ring.size)))] * 3
    return {clause.__name__: "kept" for clause in CONTRACT}


def differentiable(ring: Collective) -> list[float]:
    """The gradient of (sum over ranks of x)**2 with respect to this rank's x, in a graph."""

    @tf.function  # type: ignore[untyped-decorator,unused-ignore]
    def gradient(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = ring.sum(x) ** 2
        return tape.gradient(y, x)

    told: list[float] = gradient(tf.constant([1.0 + ring.rank])).numpy().tolist()
    return told


def diverged(ring: Collective) -> str:
    """What the guard says when the last rank's weights are touched in the 23rd step."""
    touched: list[Any] = []
    steps = iter(range(1000))

    def stop() -> bool:
        if next(steps) == 22 and ring.rank == ring.size - 1:
            touched[0].trainable_variables[2].assign_add(np.full([32, CLASSES], 1e-7))
        return False

    settings = replace(SETTINGS, digest_every=10, checkpoint_seconds=1e9)
    return refused(lambda: train(ring, "sgd", settings, stop=stop, meddle=touched.append))


def not_finite(ring: Collective) -> str:
    """What the guard says of a row with a NaN."""
    learner = head(SETTINGS, ring)
    spoiled = rows(150)
    spoiled.x[:, 77, 3] = np.nan
    return refused(lambda: fit(learner, spoiled, HELD, SETTINGS, ring))


def refused(act: Callable[[], object]) -> str:
    try:
        act()
    except RingError as error:
        return str(error)
    return "nothing was refused"


def own_script(ring: Collective) -> dict[str, Any]:
    """A person's own script: compile, broadcast, fit, on each rank's share of the rows."""
    first = keras.initializers.RandomUniform(seed=ring.rank)  # broadcast makes them equal
    outputs = keras.layers.Dense(CLASSES, kernel_initializer=first)
    model = keras.Sequential([keras.Input([20]), dense(16, "hidden", activation="relu"), outputs])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    rates: list[float] = []

    class Rates(keras.callbacks.Callback):  # type: ignore[misc,unused-ignore]
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            rates.append(float(self.model.optimizer.learning_rate))

    optimizer = DistributedOptimizer(keras.optimizers.Adam(0.01, clipnorm=1.0), ring)
    model.compile(optimizer, loss, metrics=["accuracy"])
    broadcast(model, ring)
    mine, held = (slice(ring.rank, None, ring.size), slice(ring.rank * 20, ring.rank * 20 + 20))
    told = model.fit(
        TRAIN.x[0][mine][:64],
        TRAIN.y[mine][:64],
        batch_size=16,
        epochs=4,
        verbose=0,
        shuffle=False,
        validation_data=(HELD.x[0][held], HELD.y[held]),
        callbacks=[MetricReduction(ring), WarmUp(ring, epochs=2), Rates()],
    )
    trained = {name: value.tobytes() for name, value in weights(model).items()}
    both = slice(0, 20 * ring.size)
    exact = model.evaluate(HELD.x[0][both], HELD.y[both], verbose=0)
    return {
        "agree": ring.gather(trained).count(trained) == ring.size,
        "logs": {name: values[-1] for name, values in told.history.items()},
        "exact": exact,
        "rates": rates,
        "losses": told.history["loss"],
        "class": type(optimizer).__module__,
    }


def lives(ring: Collective, folder: Path, plan: str) -> dict[str, Any]:
    """Train with SGD, then with Adam, on a store; `plan` is {optimizer: {rank, step, what}}.

    In that step of this life that rank kills itself, or interrupts the launcher.
    """
    store = open_store(str(folder / "store"))
    asked = stop_on_signals()
    steps: dict[str, int] = {}
    for optimizer in ("sgd", "adam"):
        fate = json.loads(plan).get(optimizer, {})
        clock = Ticks()

        def stop(clock: Ticks = clock, fate: Mapping[str, Any] = fate) -> bool:
            clock.stop()
            if fate and clock.now >= fate["step"]:
                meet(ring, fate, clock.now == fate["step"], folder)
            return asked()

        prefix = f"checkpoints/{optimizer}"
        fitted, trained = train(ring, optimizer, store=store, prefix=prefix, ticks=clock, stop=stop)
        steps[optimizer] = fitted.steps
        if fitted.interrupted:
            leave(ExitCode.INTERRUPTED)
        np.savez(folder / f"lived-{optimizer}-{ring.rank}.npz", **trained)
    return steps


def meet(ring: Collective, fate: Mapping[str, Any], now: bool, folder: Path) -> None:
    """Kill this rank; or interrupt the launcher and go on slowly until it asks us to stop."""
    if fate["what"] == "interrupt":
        time.sleep(0.02)
    if now and ring.rank == fate["rank"]:
        (folder / "met").write_text(str(time.time()))
        target, number = (
            (os.getpid(), signal.SIGKILL)
            if fate["what"] == "kill"
            else (fate["launcher"], signal.SIGINT)
        )
        os.kill(target, number)


def reproducible(ring: Collective, folder: Path) -> dict[str, Any]:
    """Whole runs against runs killed at five random steps, with deterministic kernels."""
    settings = replace(SETTINGS, reproducible=True)
    found = {}
    for optimizer in ("sgd", "adam"):
        _, once = train(ring, optimizer, settings)
        store = MemoryStore()
        for killed_at in (9, 8, 12):
            try:
                train(ring, optimizer, settings, store, ticks=Ticks(killed_at))
            except KeyboardInterrupt:
                continue
        _, again = train(ring, optimizer, settings, store)
        found[optimizer] = same_bits(once, again)
        np.savez(folder / f"{optimizer}-{ring.size}-{ring.rank}.npz", **again)
    return found


def main(what: str, folder: Path, *more: str) -> None:
    programs: Mapping[str, Callable[..., dict[str, Any]]] = {
        "whole": whole,
        "lives": lives,
        "reproducible": reproducible,
        "contract": lambda ring, _: contract(ring),
    }
    if what == "reproducible":
        make_deterministic()
    ring = connect()
    found = programs[what](ring, folder, *more)
    (folder / f"{what}-{ring.rank}.json").write_text(json.dumps(found))
    ring.barrier()
    leave()


if __name__ == "__main__":
    try:
        main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
    except FarandoleError as error:
        print(error, file=sys.stderr)
        leave(error.exit_code)
