"""What goes wrong, by whose hand it can be mended; each kind has one exit code."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every Farandole program."""

    OK = 0
    DOCUMENT = 2
    REFUSED = 3
    DATA = 4
    RING = 5
    INTERRUPTED = 130


class FarandoleError(Exception):
    """A failure whose message says what was expected, what came, where, and what to do."""

    exit_code = ExitCode.DATA


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong in a document.

    `path` is as `spec.recipe.training.lanes`; `line` counts from 1, None where it is not known.
    """

    path: str
    received: str
    expected: str
    advice: str = ""
    line: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """Render as one line a person can act on."""
        where = f" (line {self.line})" if self.line else ""
        advice = f"; {self.advice}" if self.advice else ""
        place = f"{self.path or 'document'}{where}"
        return f"{place}: expected {self.expected}, received {self.received}{advice}"


class DocumentError(FarandoleError):
    """A document is wrong; carries all of its problems at once."""

    exit_code = ExitCode.DOCUMENT

    def __init__(self, source: str, problems: tuple[Problem, ...]) -> None:
        self.source = source
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(
            "\n".join([f"{source}: {count}", *(f"  {problem}" for problem in problems)])
        )


class DataError(FarandoleError):
    """The data, the store or the weights are not what the document needs."""

    exit_code = ExitCode.DATA


class RingError(FarandoleError):
    """Training stopped: a rank died, hung, diverged, or met a number that is not finite."""

    exit_code = ExitCode.RING
