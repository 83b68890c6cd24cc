"""Checkpoints written while steps go on hold their own step, and a kill inside one is safe."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Condition
from typing import Any

import numpy as np
import pytest

from farandole.api.errors import DataError
from farandole.ring.checkpoints import Checkpoint, Checkpoints
from farandole.ring.collective import Collective, SingleProcess
from farandole.ring.keeping import values
from farandole.ring.learner import Fitted, Settings
from farandole.ring.stores import MemoryStore, Store
from farandole.ring.threads import Threads
from farandole.ring.training import fit
from tests.support.ring_learning import Ticks, head, rows, same_bits, weights

TRAIN, HELD = rows(150), rows(50, copies=1, seed=1)
HUNDRED = Settings(global_batch=16, lanes=8, epochs=10, checkpoint_seconds=7, identity="beside")
DEADLINE = 60.0


@dataclass
class Steps(Ticks):
    """The clock of rank 0, which a store can wait for."""

    moved: Condition = field(default_factory=Condition)

    def stop(self) -> bool:
        with self.moved:
            self.moved.notify_all()
            return super().stop()

    def wait(self, steps: int) -> None:
        """Return when that many more steps were begun."""
        with self.moved:
            until = self.now + steps
            assert self.moved.wait_for(lambda: self.now >= until, DEADLINE)


@dataclass(frozen=True)
class SlowStore(MemoryStore):
    """A store whose `chosen`-th change takes two steps before it is there; then `happens`."""

    steps: Steps = field(default_factory=Steps)
    chosen: int = 0
    happens: Callable[[], None] = lambda: None
    changes: list[str] = field(default_factory=list)

    def put(self, key: str, content: bytes) -> None:
        self._change(key)
        super().put(key, content)

    def delete(self, key: str) -> None:
        self._change(key)
        super().delete(key)

    def _change(self, key: str) -> None:
        self.changes.append(key)
        if len(self.changes) == self.chosen:
            self.steps.wait(2)
            self.happens()


def train(
    ranks: int, optimizer: str, store: Store | None = None, steps: Ticks | None = None
) -> tuple[Fitted, Mapping[str, Any]]:
    def program(ring: Collective) -> tuple[Fitted, Mapping[str, Any]]:
        clock = (steps if ring.rank == 0 else None) or Ticks()
        made = head(HUNDRED, ring, optimizer)
        fitted = fit(made, TRAIN, HELD, HUNDRED, ring, store, stop=clock.stop, clock=clock)
        return fitted, weights(made.model)

    return Threads(ranks).run(program)[0]


def killed() -> None:
    raise KeyboardInterrupt("killed inside a write")


@pytest.mark.parametrize("optimizer, ranks", [("sgd", 1), ("adam", 1), ("adam", 2)])
@pytest.mark.parametrize("chosen", [1, 2, 3, 4, 6])
def test_a_kill_inside_a_write_loses_no_bit(optimizer: str, ranks: int, chosen: int) -> None:
    steps = Steps()
    store = SlowStore(steps=steps, chosen=chosen, happens=killed)
    with pytest.raises(KeyboardInterrupt, match="inside a write"):
        train(ranks, optimizer, store, steps)
    assert len(store.changes) == chosen
    resumed, weighed = train(ranks, optimizer, MemoryStore(store.objects))
    assert resumed.steps == 100
    assert same_bits(weighed, train(ranks, optimizer)[1])


def test_a_store_that_fails_during_later_steps_stops_the_run_with_its_own_message() -> None:
    def full() -> None:
        raise DataError("disk full")

    steps = Steps()
    with pytest.raises(DataError, match="disk full"):
        train(2, "sgd", SlowStore(steps=steps, chosen=3, happens=full), steps)
    assert steps.now < 40


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_checkpoint_holds_the_weights_of_its_own_step_while_later_steps_go_on(
    optimizer: str,
) -> None:
    steps = Steps()
    store = SlowStore(steps=steps, chosen=1)
    seen: dict[int, Mapping[str, Any]] = {}
    made = head(HUNDRED, SingleProcess(), optimizer)

    def look() -> bool:
        seen[int(steps.now)] = {k: np.copy(v) for k, v in values(made.model.variables).items()}
        return steps.stop()

    settings = replace(HUNDRED, epochs=2, keep=9)
    fit(made, TRAIN, HELD, settings, SingleProcess(), store, stop=look, clock=steps)
    assert "arrays.bin" in store.changes[0]
    step = int(store.changes[0].split("/")[2].split("-")[0])
    found = at(store, step)
    assert same_bits(seen[step], dict(zip(seen[step], found.arrays, strict=False)))
    assert not same_bits(seen[step], seen[step + 2])


def at(store: Store, step: int) -> Checkpoint:
    return Checkpoints(store, "checkpoints/job", "beside", 0, 9, 8, 16, world_size=1).at(step)
