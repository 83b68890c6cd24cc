"""A ring of threads in one process: the whole protocol without Horovod, for tests."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from farandole.api.errors import RingError
from farandole.ring.collective import Arrays, Collective, Tensor
from farandole.ring.in_graph import differentiable

T = TypeVar("T")


class Threads:
    """`size` ranks, each a thread; a rank that raises makes the others raise instead of waiting.

    In graphs every waiting rank holds one of TensorFlow's inter-op threads, so the process needs
    more of them than there are ranks (`TF_NUM_INTEROP_THREADS`).
    """

    def __init__(self, size: int, patience_seconds: float = 60.0) -> None:
        self.size = size
        self._slots: list[Any] = [None] * size
        self._barrier = threading.Barrier(size, timeout=patience_seconds)
        self._first: BaseException | None = None

    def run(self, program: Callable[[Collective], T]) -> list[T]:
        """Run `program` on every rank and return what each returned; raise what failed first."""
        with ThreadPoolExecutor(self.size) as pool:
            futures = [pool.submit(self._guarded, program, rank) for rank in range(self.size)]
        if self._first is not None:
            raise self._first
        return [future.result() for future in futures]

    def exchange(self, rank: int, value: Any) -> list[Any]:
        """Put `value` on the table and return what every rank put there."""
        self._slots[rank] = value
        self._wait(rank)
        values = list(self._slots)
        self._wait(rank)
        return values

    def _wait(self, rank: int) -> None:
        try:
            self._barrier.wait()
        except threading.BrokenBarrierError:
            raise RingError(
                f"rank {rank}: the ring broke, because another rank stopped or did not come in time"
            ) from None

    def _guarded(self, program: Callable[[Collective], T], rank: int) -> T:
        try:
            return program(_ThreadRank(self, rank))
        except BaseException as error:
            self._first = self._first or error
            self._barrier.abort()
            raise


@dataclass(frozen=True)
class _ThreadRank:
    ring: Threads
    rank: int

    @property
    def size(self) -> int:
        return self.ring.size

    def sum(self, tensor: Tensor) -> Tensor:
        if isinstance(tensor, np.ndarray):
            return self._total(tensor)
        return differentiable(self._total, tensor)

    def broadcast(self, arrays: Sequence[NDArray[Any]], root: int = 0) -> Arrays:
        every = self.ring.exchange(self.rank, arrays)
        return [np.array(array) for array in every[root]]

    def gather(self, value: object) -> list[Any]:
        every = self.ring.exchange(self.rank, pickle.dumps(value))
        return [pickle.loads(each) for each in every]  # of our own threads

    def barrier(self) -> None:
        self.ring.exchange(self.rank, None)

    def beat(self, step: int) -> None:
        """Nobody follows a thread."""

    def _total(self, array: NDArray[Any]) -> NDArray[Any]:
        every = self.ring.exchange(self.rank, array)
        with np.errstate(invalid="ignore"):  # NaN and infinity travel, as they do in Horovod
            return np.asarray(sum(every[1:], start=every[0]), array.dtype)
