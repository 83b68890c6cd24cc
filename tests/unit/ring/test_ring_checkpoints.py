from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from farandole.api.errors import RingError
from farandole.ring.checkpoints import Checkpoints
from farandole.ring.learner import Epoch
from farandole.ring.standing import Standing
from farandole.ring.stores import Listed, MemoryStore, Store

EPOCH = Epoch(
    epoch=0, steps=3, learning_rate=0.1, train={"loss": 1 / 3}, validation={"loss": 2e-17}
)


@dataclass
class DyingStore:
    """A store whose process is killed before the `last`-th change; what was written stays."""

    inner: MemoryStore
    last: int
    changes: int = field(default=0)

    def get(self, key: str) -> bytes:
        return self.inner.get(key)

    def list(self, prefix: str) -> Iterator[Listed]:
        return iter(self.inner.list(prefix))

    def put(self, key: str, content: bytes) -> None:
        self._change()
        self.inner.put(key, content)

    def put_if_absent(self, key: str, content: bytes) -> bool:
        self._change()
        return self.inner.put_if_absent(key, content)

    def delete(self, key: str) -> None:
        self._change()
        self.inner.delete(key)

    def delete_prefix(self, prefix: str) -> None:
        for listed in tuple(self.inner.list(prefix)):
            self._change()
            self.inner.delete(listed.key)

    def _change(self) -> None:
        if self.changes == self.last:
            raise KeyboardInterrupt("killed")
        self.changes += 1


def job(store: Store, fence: int = 1, keep: int = 2) -> Checkpoints:
    return Checkpoints(store, "checkpoints/j", "id", fence, keep, 16, 64, world_size=2)


def arrays(step: int) -> Mapping[str, NDArray[Any]]:
    return {
        "kernel": np.full((3, 2), step, np.float32),
        "iterations": np.array(step, np.int64),
        "empty": np.zeros((0, 4), np.float32),
    }


def write(checkpoints: Checkpoints, step: int, **standing: Any) -> None:
    checkpoints.write(Standing(steps=step, **standing), arrays(step))


def read(checkpoints: Checkpoints) -> int:
    found = checkpoints.latest()
    assert found is not None
    for array, wrote in zip(
        found.arrays, arrays(found.manifest.standing.steps).values(), strict=True
    ):
        assert array.dtype == wrote.dtype
        np.testing.assert_array_equal(array, wrote)
    return found.manifest.standing.steps


def keys(store: MemoryStore, step: int) -> list[str]:
    return [key for key in store.objects if f"/{step:010d}-" in key]


def test_the_newest_checkpoint_comes_back_whole() -> None:
    checkpoints = job(MemoryStore())
    assert checkpoints.latest() is None
    standing = Standing(
        steps=5, sums=(0.1, 1e300, 5e-324), history=(EPOCH,), best_loss=2e-17, loss_scale=0.5
    )
    write(checkpoints, 3)
    checkpoints.write(standing, arrays(5))
    found = checkpoints.latest()
    assert found is not None
    assert found.manifest.standing == standing
    assert found.manifest.world_size == 2
    assert read(checkpoints) == 5


def test_a_torn_checkpoint_falls_back_to_the_one_before_and_says_so() -> None:
    store = MemoryStore()
    checkpoints = job(store)
    write(checkpoints, 3)
    write(checkpoints, 5)
    del store.objects["checkpoints/j/0000000005-000001/manifest.json"]
    assert read(checkpoints) == 3
    found = checkpoints.latest()
    assert found is not None
    assert "step 5 is not complete" in found.torn[0]


@given(st.sampled_from(["arrays.bin", "manifest.json"]), st.data())
def test_a_flipped_or_missing_byte_anywhere_falls_back_to_the_one_before(
    name: str, data: st.DataObject
) -> None:
    store = MemoryStore()
    checkpoints = job(store)
    write(checkpoints, 3)
    write(checkpoints, 5)
    key = f"checkpoints/j/0000000005-000001/{name}"
    content = bytearray(store.objects[key])
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del content[at:]
    store.objects[key] = bytes(content)
    assert read(checkpoints) == 3


@pytest.mark.parametrize("last", range(8))
def test_a_kill_before_any_change_leaves_a_complete_checkpoint_to_go_on_from(last: int) -> None:
    store = MemoryStore()
    for step in (1, 2, 3):
        write(job(store), step, best_step=1)
    dying = job(DyingStore(store, last))
    killed = False
    try:
        write(dying, 4, best_step=4)
    except KeyboardInterrupt:
        killed = True
    assert all(key.replace("manifest.json", "arrays.bin") in store.objects for key in store.objects)
    assert killed == (last < 6)  # two objects written, then two checkpoints of two objects dropped
    steps = read(job(store))
    assert steps == (4 if last >= 2 else 3)
    write(job(store), 5, best_step=1)
    assert read(job(store)) == 5


def test_only_the_newest_and_the_best_are_kept() -> None:
    store = MemoryStore()
    checkpoints = job(store, keep=2)
    for step in range(1, 7):
        write(checkpoints, step, best_step=min(step, 2))
    assert [step for step in range(1, 7) if keys(store, step)] == [2, 5, 6]
    assert checkpoints.at(2).arrays[0][0, 0] == 2


def test_torn_leftovers_of_later_steps_push_out_no_complete_checkpoint() -> None:
    store = MemoryStore()
    checkpoints = job(store, keep=1)
    store.put("checkpoints/j/0000000009-000001/arrays.bin", b"half")
    write(checkpoints, 4)
    assert read(checkpoints) == 4
    assert not keys(store, 9)


def test_a_writer_that_came_back_after_a_newer_one_began_is_refused() -> None:
    store = MemoryStore()
    old, new = job(store, fence=1), job(store, fence=2)
    old.begin()
    write(old, 3)
    new.begin()
    with pytest.raises(RingError, match="writer 2 after our 1"):
        write(old, 4)
    with pytest.raises(RingError, match="another run has taken this job over"):
        old.begin()
    assert read(new) == 3
    write(new, 4)
    assert read(new) == 4


def test_a_writer_passed_in_the_middle_of_a_write_leaves_no_manifest() -> None:
    @dataclass(frozen=True)
    class Passing(MemoryStore):
        def put(self, key: str, content: bytes) -> None:
            super().put(key, content)
            job(self, fence=2).begin()

    store = Passing()
    with pytest.raises(RingError, match="taken this job over"):
        write(job(store, fence=1), 3)
    assert job(store, fence=2).latest() is None


def test_a_checkpoint_of_another_recipe_is_refused() -> None:
    store = MemoryStore()
    write(job(store), 3)
    with pytest.raises(
        RingError, match=r"expected a checkpoint of .*'other', 16, 64.*'id', 16, 64"
    ):
        replace(job(store), identity="other").latest()


def test_a_lost_best_checkpoint_is_an_error_that_names_its_step() -> None:
    with pytest.raises(RingError, match="checkpoint of step 7, which was the best"):
        job(MemoryStore()).at(7)
