"""A ring that outlasts its ranks: started again when the machine ends one, or at another size."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from farandole.api.errors import ExitCode, RingError
from farandole.launch.here import RankError
from farandole.launch.records import headline
from farandole.launch.restarts import (
    RESTARTS,
    Bounds,
    Course,
    after_loss,
    is_machines,
    resized,
)
from farandole.launch.silence import HangError, steps_of


@dataclass(frozen=True)
class Life:
    """One life of a ring, from 1; `leave` turns true when its ranks are to stop at a checkpoint."""

    number: int
    ranks: int
    leave: Callable[[], bool]


@dataclass(frozen=True)
class WantedSize:
    """A file in which a person, or another program, writes how many ranks the ring is to have."""

    path: Path

    def __call__(self) -> int | None:
        """Return the number in the file; None where there is none."""
        try:
            return int(self.path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None


def outlast(
    live: Callable[[Life], None],
    ranks: int,
    folder: Path,
    say: Callable[[str], None],
    *,
    bounds: Bounds | None = None,
    wanted: Callable[[], int | None] = lambda: None,
    restarts: int = RESTARTS,
) -> Course:
    """Run a ring of `ranks` ranks to its end, over as many lives as that takes.

    `live` runs one life by `here.ring` in `folder`, from the last checkpoint, and hands `leave` on.
    A rank that the machine ended, and a ring that hangs, start the next life; what a program ended
    with is raised as it is. `wanted` is asked all the time: another number of ranks, within
    `bounds`, is taken up after the step under way and a checkpoint. `say` tells a person each of
    these. Raises `RankError` or `HangError` once `restarts` in a row have brought no new step.
    """
    course, leave = Course(ranks), _Leave(ranks, bounds, wanted)
    while True:
        leave = replace(leave, ranks=course.ranks, size=None)
        try:
            live(Life(course.life, course.ranks, leave))
        except (RankError, HangError) as error:
            reached = _reached(folder, course.ranks)
            course = _next(error, course, reached, leave, restarts, say)
            time.sleep(course.wait_seconds)
        else:
            return course


@dataclass
class _Leave:
    """Whether another number of ranks is wanted than there are; `size` is that number.

    A wish is heard once: a ring that had to shrink since is not asked to grow again by an old one.
    """

    ranks: int
    bounds: Bounds | None
    wanted: Callable[[], int | None]
    heard: int | None = None
    size: int | None = None

    def __call__(self) -> bool:
        wanted = self.wanted() if self.bounds is not None else None
        if self.bounds is not None and wanted is not None and wanted != self.heard:
            self.heard, size = wanted, self.bounds.nearest(wanted)
            self.size = size if size != self.ranks else None
        return self.size is not None


def _next(
    error: RankError | HangError,
    course: Course,
    reached: int | None,
    leave: _Leave,
    restarts: int,
    say: Callable[[str], None],
) -> Course:
    if leave.size is not None and (_left(error) or _may_go_well(error, course, reached)):
        say(_resizing(course, leave.size))
        return resized(course, reached, leave.size)
    if not _may_go_well(error, course, reached):
        raise error
    after = after_loss(course, reached, leave.bounds, restarts)
    if after is None:
        raise _enough(error, course, reached) from error
    say(_again(error, course, after))
    return after


def _left(error: RingError) -> bool:
    """Whether the ranks ended because they were asked to, also before they could hear it."""
    if not isinstance(error, RankError):
        return False
    deaf = error.record.signal == "SIGTERM" or error.record.code == -signal.SIGUSR1
    return error.exit_code == ExitCode.INTERRUPTED or deaf


def _may_go_well(error: RingError, course: Course, reached: int | None) -> bool:
    """Whether the same again may go well; a ring that hangs where it hung before would again."""
    if isinstance(error, RankError):
        return is_machines(error.record)
    return reached is not None and reached > course.furthest


def _reached(folder: Path, ranks: int) -> int | None:
    known = [step for step in steps_of(folder / "ranks", ranks) if step is not None]
    return max(known, default=None)


def _again(error: RingError, before: Course, after: Course) -> str:
    what = _what(error, before.ranks)
    if after.ranks < before.ranks:
        return (
            f"{what}, and the ring has been lost twice without a new step. It goes on with "
            f"{_ranks(after.ranks)} instead of {before.ranks}, as placement.elastic allows; the "
            "result does not depend on it"
        )
    again = f"{what}; {_ranks(after.ranks)} start again from the last checkpoint"
    if after.restarts == 1:
        return again
    return f"{again} (restart {after.restarts} without a new step, in {after.wait_seconds:.0f} s)"


def _what(error: RingError, ranks: int) -> str:
    return headline(error.record, ranks) if isinstance(error, RankError) else str(error)


def _resizing(course: Course, ranks: int) -> str:
    return f"the ring goes on with {_ranks(ranks)} instead of {course.ranks}, as asked"


def _enough(error: RankError | HangError, course: Course, reached: int | None) -> RingError:
    past = "beginning a step" if reached is None else f"getting past step {reached}"
    said = (
        f"{error}\nThe ring was started again {course.restarts} times without {past}, so it is not "
        "started once more. If memory is short, fewer ranks need less: placement.workers, or "
        "placement.elastic.min, down to which it shrinks by itself"
    )
    if isinstance(error, RankError):
        return RankError(said, error.record)
    return HangError(said)


def _ranks(count: int) -> str:
    return "1 rank" if count == 1 else f"{count} ranks"
