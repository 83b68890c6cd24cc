"""Create a thing exactly once where nobody offers to: look, create, look again, keep the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Thing = TypeVar("Thing")


def once(
    find: Callable[[], Sequence[Thing]],
    create: Callable[[], object],
    remove: Callable[[Thing], None],
) -> Thing:
    """Return the first thing that `find` lists, created when there is none, and alone afterwards.

    `find` lists in an order that a later creation cannot change, so rivals that created one each
    agree on the first; each removes the others, and whoever comes after a crash does too.
    `remove` must bear that the thing is already gone.
    """
    if not find():
        create()
    first, *others = find()
    for other in others:
        remove(other)
    return first
