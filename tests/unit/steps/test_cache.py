"""A step that has been done is looked up, not repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from farandole.data.folder_store import FolderStore
from farandole.steps.cache import cached, step_key
from farandole.steps.place import StepOutputs


class Counted(StepOutputs):
    times: int


def test_a_step_is_computed_once_for_the_same_inputs(tmp_path: Path) -> None:
    store, calls = FolderStore(tmp_path), []

    def compute() -> Counted:
        calls.append(1)
        return Counted(times=len(calls))

    key = step_key("train", job="a")
    assert cached(store, key, Counted, compute) == Counted(times=1)
    assert cached(store, key, Counted, compute) == Counted(times=1)
    assert cached(store, step_key("train", job="b"), Counted, compute) == Counted(times=2)


def test_a_step_that_failed_leaves_nothing_behind(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)

    def fail() -> Counted:
        raise RuntimeError("out of memory")

    key = step_key("train", job="a")
    with pytest.raises(RuntimeError):
        cached(store, key, Counted, fail)
    assert not store.exists(key)


def test_the_key_depends_on_the_step_and_on_every_input() -> None:
    keys = {
        step_key("train", arrays="a", model="m"),
        step_key("tune", arrays="a", model="m"),
        step_key("train", arrays="b", model="m"),
        step_key("train", arrays="a", model="n"),
    }
    assert len(keys) == 4
