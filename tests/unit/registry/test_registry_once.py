"""A thing is created once, whatever rivals do in between and wherever anyone dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from farandole.registry.once import once
from tests.support.registry_trackers import Killed


@dataclass
class Store:
    """A store without conditional creation: numbers go up, the first is the lowest."""

    moments: Iterator[str]
    things: list[int] = field(default_factory=list)
    last: int = 0
    chosen: list[int] = field(default_factory=list)

    def go(self) -> None:
        self.chosen.append(once(self.find, self.create, self.remove))

    def find(self) -> list[int]:
        self.meanwhile()
        return sorted(self.things)

    def create(self) -> None:
        self.meanwhile()
        self.last += 1
        self.things.append(self.last)
        self.meanwhile()

    def remove(self, thing: int) -> None:
        self.meanwhile()
        if thing in self.things:
            self.things.remove(thing)

    def meanwhile(self) -> None:
        moment = next(self.moments, "nothing")
        if moment == "rival":
            self.attempt()
        elif moment == "killed":
            raise Killed

    def attempt(self) -> None:
        with suppress(Killed):
            self.go()


@given(st.lists(st.sampled_from(["nothing", "rival", "killed"]), max_size=40))
def test_whoever_races_or_dies_one_thing_is_left_and_all_mean_that_one(moments: list[str]) -> None:
    store = Store(iter(moments))
    for _ in range(3):
        store.attempt()
    store.moments = iter(())
    store.go()
    assert store.things == [store.chosen[-1]]
    assert set(store.chosen) == {store.chosen[-1]}
