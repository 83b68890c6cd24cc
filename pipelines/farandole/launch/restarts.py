"""Whether a ring that was lost starts again, and with how many ranks: decisions only."""

from __future__ import annotations

from dataclasses import dataclass, replace

from farandole.launch.rank import Record

RESTARTS = 3
LONGEST_WAIT = 30.0  # seconds before a restart
POLITE = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")  # how a person or a system asks to end


@dataclass(frozen=True)
class Bounds:
    """How many ranks a ring may shrink and grow to."""

    fewest: int
    most: int

    def nearest(self, ranks: int) -> int:
        """Return the number of ranks within the bounds that is nearest to `ranks`."""
        return min(max(ranks, self.fewest), self.most)


@dataclass(frozen=True)
class Course:
    """Where a ring stands among its lives: this one is number `life`, with `ranks` ranks.

    `furthest` is the last step that any life before began, -1 where none did; `restarts` counts the
    lives that were lost since there was a new one.
    """

    ranks: int
    life: int = 1
    furthest: int = -1
    restarts: int = 0

    @property
    def wait_seconds(self) -> float:
        """Seconds before this life starts: none after progress, twice as many each time after."""
        return 0.0 if self.restarts < 2 else min(LONGEST_WAIT, 2.0 ** (self.restarts - 2))


def is_machines(record: Record) -> bool:
    """Whether the machine ended a rank, not its program: then the same again may go well.

    So is every signal but those by which somebody asks a program to end, and a lost supervisor. An
    exit code is the program's own word: the document, the data or the numbers are at fault.
    """
    if record.code is None or (record.signal is None and record.code < 0):
        return True
    return record.signal is not None and record.signal not in POLITE


def after_loss(
    course: Course, reached: int | None, bounds: Bounds | None, allowed: int = RESTARTS
) -> Course | None:
    """Return the next life of a ring that the machine ended; None where it has had enough.

    `reached` is the last step that it began. A new step refills the budget of `allowed` restarts.
    A ring that was lost twice without one goes on with one rank less, where `bounds` allow it.
    """
    furthest = course.furthest if reached is None else max(course.furthest, reached)
    used = 0 if furthest > course.furthest else course.restarts
    after = replace(course, life=course.life + 1, furthest=furthest, restarts=used + 1)
    if used and bounds is not None and course.ranks > bounds.fewest:
        return replace(after, ranks=course.ranks - 1, restarts=0)
    return None if used >= allowed else after


def resized(course: Course, reached: int | None, ranks: int) -> Course:
    """Return the next life of a ring that stopped because another size was asked for."""
    furthest = course.furthest if reached is None else max(course.furthest, reached)
    return Course(ranks, course.life + 1, furthest)
