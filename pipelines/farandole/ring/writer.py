"""Checkpoints written beside the steps: by one thread, one at a time, and they never pile up."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from time import monotonic
from types import TracebackType

from farandole.ring.checkpoints import Variables
from farandole.ring.standing import Standing

Kept = tuple[Standing, Variables]


class Writer:
    """Calls `write` in a thread of its own, in the order given.

    One checkpoint is under way and one may wait. A newer one takes the place of the one that waits,
    unless that is the newer one's best: then it is waited for. So every checkpoint that gets
    written finds its best written before it. After an error nothing more is written, and each call
    raises the error as it was.

    `longest` is the most seconds that a write took until now, by `clock`.
    """

    def __init__(
        self,
        write: Callable[[Standing, Variables], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.longest = 0.0
        self._write = write
        self._clock = clock
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="farandole-checkpoints")
        self._lock = Lock()
        self._waiting: Kept | None = None
        self._last: Future[None] | None = None
        self._failure: BaseException | None = None

    @property
    def idle(self) -> bool:
        """Whether all that was given is written."""
        return self._last is None or self._last.done()

    def check(self) -> None:
        """Raise what made a write fail."""
        if self._failure is not None:
            raise self._failure

    def keep(self, standing: Standing, variables: Variables) -> None:
        """Have a checkpoint written; nobody may change `variables` from now on."""
        if self._waits_for_best(standing):
            self.drain()
        self.check()
        with self._lock:
            replaced, self._waiting = self._waiting, (standing, variables)
        if replaced is None:
            self._last = self._pool.submit(self._write_waiting)

    def drain(self) -> None:
        """Wait until all is written."""
        if self._last is not None:
            self._last.result()
        self.check()

    def __enter__(self) -> Writer:
        """Begin; the thread starts with the first checkpoint."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what was given, also where training failed: those steps were sound."""
        self._pool.shutdown()
        if error is None:
            self.check()
        elif self._failure not in (None, error):
            error.add_note(f"a checkpoint could not be written either: {self._failure}")

    def _waits_for_best(self, standing: Standing) -> bool:
        with self._lock:
            waits = None if self._waiting is None else self._waiting[0].steps
        return waits == standing.best_step != standing.steps

    def _write_waiting(self) -> None:
        with self._lock:
            kept, self._waiting = self._waiting, None
        if kept is None or self._failure is not None:
            return
        began = self._clock()
        try:
            self._write(*kept)
            self.longest = max(self.longest, self._clock() - began)
        except BaseException as error:  # whatever it is, the training thread is the one to raise it
            self._failure = error
