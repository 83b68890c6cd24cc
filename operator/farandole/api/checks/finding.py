"""What a check of parts against each other yields."""

from __future__ import annotations

from dataclasses import dataclass

from farandole.api.errors import Problem


@dataclass(frozen=True)
class Finding:
    """A problem between parts of a document, and the other places that it rests on.

    Where one of these places is wrong by itself, the finding says nothing new and is not told.
    """

    problem: Problem
    reads: tuple[str, ...]

    def inside(self, path: str) -> Finding:
        """Give the finding with all of its places below `path`."""
        problem = self.problem
        moved = Problem(
            f"{path}.{problem.path}", problem.received, problem.expected, problem.advice
        )
        return Finding(moved, tuple(f"{path}.{read}" for read in self.reads))
