"""What ranks do together: the one seam over Horovod, a single process, and threads in tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray

from farandole.ring.heartbeat import Heartbeat, Silent

Tensor = Any  # tf.Tensor: TensorFlow ships no types
Arrays = list[NDArray[Any]]


class Collective(Protocol):
    """Ranks that take every call below in the same order.

    A rank that dies makes the calls of all others raise `RingError`; none of them waits for ever.
    """

    @property
    def rank(self) -> int:
        """Which one this is, from 0."""
        ...

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    def sum(self, tensor: Tensor) -> Tensor:
        """Return the sum over ranks, bitwise the same on all; differentiable, eager or in a graph.

        The gradient that reaches the sum is itself summed over ranks, so that each rank holds the
        gradient of the ring's total.
        """
        ...

    def broadcast(self, arrays: Sequence[NDArray[Any]], root: int = 0) -> Arrays:
        """Return `root`'s arrays on every rank; all ranks pass the same shapes and types."""
        ...

    def gather(self, value: object) -> list[Any]:
        """Return every rank's picklable value, in the order of ranks, on every rank."""
        ...

    def barrier(self) -> None:
        """Wait until every rank is here."""
        ...

    def beat(self, step: int) -> None:
        """Tell whoever follows this rank that it moves, and is in `step`."""
        ...


@dataclass(frozen=True)
class SingleProcess:
    """One rank alone."""

    heart: Heartbeat = field(default_factory=Silent)
    rank: int = 0
    size: int = 1

    def sum(self, tensor: Tensor) -> Tensor:
        """Return the tensor."""
        return tensor

    def broadcast(self, arrays: Sequence[NDArray[Any]], root: int = 0) -> Arrays:  # noqa: ARG002
        """Return the arrays."""
        return list(arrays)

    def gather(self, value: object) -> list[Any]:
        """Return the value, alone."""
        return [value]

    def barrier(self) -> None:
        """Go on."""

    def beat(self, step: int) -> None:
        """Say that this rank moves."""
        self.heart.beat(step)
