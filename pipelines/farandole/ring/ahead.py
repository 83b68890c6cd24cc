"""Items made ahead of the thread that takes them: in order, a bounded number, by one thread.

Two queues written in C carry them, because the taker may be a step of a third of a millisecond: the
thread waits for room in one and fills the other. `tf.data.Dataset.from_generator` does the same for
0.1 to 1.6 ms a step more (docs/decisions/0011-input-that-keeps-up.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Event, Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class _Made(Generic[Item]):
    """One item, or why there is none: an error, or no error at the end."""

    items: tuple[Item, ...] = ()
    error: BaseException | None = None


@dataclass(frozen=True)
class _Line(Generic[Item]):
    """What the thread and the taker share: what is ready, tokens of room, and the wish to stop."""

    ready: SimpleQueue[_Made[Item]] = field(default_factory=SimpleQueue)
    room: SimpleQueue[None] = field(default_factory=SimpleQueue)
    leaving: Event = field(default_factory=Event)

    def make(self, items: Iterable[Item]) -> None:
        """Put items into the line until they end, one fails, or nobody wants them any more."""
        try:
            for item in items:
                self.room.get()
                if self.leaving.is_set():
                    return
                self.ready.put(_Made((item,)))
            self.ready.put(_Made())
        except BaseException as error:  # whatever it is, the taker is the one to raise it
            self.ready.put(_Made(error=error))

    def taken(self) -> Iterator[Item]:
        """Yield the items; an error of their making is raised here, as it was there."""
        while (made := self.ready.get()).items:
            self.room.put(None)
            yield from made.items
        if made.error is not None:
            raise made.error

    def leave(self) -> None:
        """Tell the thread to end, also when it waits for room."""
        self.leaving.set()
        self.room.put(None)


@contextmanager
def ahead(items: Iterable[Item], most: int) -> Iterator[Iterator[Item]]:
    """Let a thread make `items` while others are used: `most` lie ready, one more is in the making.

    The thread has ended when the context is left, whatever was taken; it is joined, so leaving
    waits for the one item in the making. Errors of `items` are raised where they would be taken.
    """
    line = _Line[Item]()
    for _ in range(most):
        line.room.put(None)
    thread = Thread(target=line.make, args=(items,), name="farandole-ahead", daemon=True)
    thread.start()
    try:
        yield line.taken()
    finally:
        line.leave()
        thread.join()
