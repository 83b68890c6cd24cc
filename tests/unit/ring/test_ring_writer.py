from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

import numpy as np
import pytest

from farandole.api.errors import DataError
from farandole.ring.checkpoints import Variables
from farandole.ring.standing import Standing
from farandole.ring.writer import Writer

DEADLINE = 30.0
VARIABLES: Variables = {"kernel": np.zeros(3)}


@dataclass
class Disk:
    """Where checkpoints are written: each waits until the disk is let go, or fails."""

    free: Event = field(default_factory=Event)
    busy: Event = field(default_factory=Event)
    written: list[int] = field(default_factory=list)
    fails_at: int | None = None

    def write(self, standing: Standing, variables: Variables) -> None:
        assert variables is VARIABLES
        self.busy.set()
        assert self.free.wait(DEADLINE)
        if standing.steps == self.fails_at:
            raise DataError("disk full")
        self.written.append(standing.steps)


@contextmanager
def writing(disk: Disk) -> Iterator[Writer]:
    """A writer whose first checkpoint, of step 1, is under way."""
    with Writer(disk.write) as writer:
        keep(writer, 1)
        assert disk.busy.wait(DEADLINE)
        try:
            yield writer
        finally:
            disk.free.set()


def keep(writer: Writer, step: int, best: int = 0) -> None:
    writer.keep(Standing(steps=step, best_step=best), VARIABLES)


def test_the_giver_goes_on_while_a_checkpoint_is_written() -> None:
    disk = Disk()
    with writing(disk) as writer:
        assert not writer.idle
        assert disk.written == []
        disk.free.set()
        writer.drain()
        assert writer.idle
        assert disk.written == [1]


def test_of_many_checkpoints_given_meanwhile_the_newest_is_written_and_none_piles_up() -> None:
    disk = Disk()
    with writing(disk) as writer:
        for step in range(2, 50):
            keep(writer, step, best=step)
    assert disk.written == [1, 49]


def test_a_best_that_waits_is_written_before_one_that_rests_on_it() -> None:
    disk = Disk()
    with writing(disk) as writer:
        keep(writer, 2, best=2)
        disk.free.set()
        keep(writer, 3, best=2)
    assert disk.written == [1, 2, 3]


def test_all_that_was_given_is_written_before_the_writer_is_left() -> None:
    disk = Disk()
    with writing(disk) as writer:
        keep(writer, 2)
    assert disk.written == [1, 2]


def test_a_failed_write_is_raised_as_it_was_and_nothing_is_written_after_it() -> None:
    disk = Disk(fails_at=1)
    disk.free.set()
    writer = Writer(disk.write)
    keep(writer, 1)
    for act in (writer.drain, writer.check, lambda: keep(writer, 3)):
        with pytest.raises(DataError, match="disk full"):
            act()
    with pytest.raises(DataError, match="disk full"):
        writer.__exit__(None, None, None)
    assert disk.written == []


def test_what_waits_behind_a_failed_write_is_not_written() -> None:
    disk = Disk(fails_at=1)
    with pytest.raises(DataError, match="disk full"), writing(disk) as writer:
        keep(writer, 2)
    assert disk.written == []


def test_a_training_that_fails_keeps_its_own_error_and_is_told_of_the_failed_write() -> None:
    with pytest.raises(ZeroDivisionError) as caught, writing(Disk(fails_at=1)):
        raise ZeroDivisionError
    assert caught.value.__notes__ == ["a checkpoint could not be written either: disk full"]


def test_a_training_that_fails_still_writes_what_was_given() -> None:
    disk = Disk()

    def train() -> None:
        with writing(disk) as writer:
            keep(writer, 2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train()
    assert disk.written == [1, 2]


def test_it_is_known_how_long_the_longest_write_took() -> None:
    disk = Disk()
    disk.free.set()
    now = iter([0.0, 3.0, 10.0, 11.0])
    with Writer(disk.write, lambda: next(now)) as writer:
        for step in (1, 2):
            keep(writer, step)
            writer.drain()
        assert writer.longest == 3.0
