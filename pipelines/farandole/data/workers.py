"""A map over worker processes that yields results in the order of the items."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from math import ceil
from multiprocessing.context import BaseContext
from typing import TypeVar

from farandole.api.errors import DataError

Item = TypeVar("Item")
Result = TypeVar("Result")

ENOUGH = 64  # items below which starting processes costs more than it saves
CHUNK = 128  # items that travel at once: few enough for progress to move
TURNS = 8  # chunks a worker, at least, so that none is left with a long last one


def each(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """Yield `work(item)` for each item, computed by up to `workers` processes.

    `work` and its results must pickle. Raises DataError when a worker dies.
    """
    if workers < 2 or len(items) < ENOUGH:
        yield from map(work, items)
        return
    chunk = min(CHUNK, ceil(len(items) / (workers * TURNS)))
    pool = ProcessPoolExecutor(workers, _context(), initializer=_leave_interrupts_to_the_parent)
    try:
        yield from pool.map(work, items, chunksize=chunk)
    except BrokenProcessPool as error:
        raise DataError(
            f"one of {workers} worker processes died, most likely for want of memory;"
            " nothing was lost: run again with fewer workers"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _context() -> BaseContext:
    """Fork where that is safe: a spawned worker would import the whole program again."""
    alone = threading.active_count() == 1
    able = "fork" in multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("fork" if alone and able else "spawn")


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
