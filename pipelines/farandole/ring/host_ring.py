"""The ring of one machine: ranks add up in shared memory, and tell each other over sockets.

Gloo sends every gradient through the loopback device and negotiates it in cycles of a background
thread; docs/decisions/0014-ranks-of-one-machine-share-memory.md has what that costs.
"""

from __future__ import annotations

import mmap
import os
import pickle
import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from farandole.ring.collective import Arrays, Tensor
from farandole.ring.heartbeat import Heartbeat
from farandole.ring.in_graph import differentiable
from farandole.ring.links import Links, join

ALL_ADD = 3  # ranks up to which each adds all numbers: adding is cheaper than waiting twice
SMALL = 1 << 16  # bytes up to which it is, too, for any number of ranks
PAGE = 1 << 16
_CALL = struct.Struct("<cq")


class HostRing:
    """Ranks of one machine that meet at `address`, a path that none of them owns yet.

    The order of additions is that of ranks, whatever the timing: sums repeat bit for bit.
    """

    def __init__(
        self, address: Path, rank: int, size: int, heart: Heartbeat, patience: float = 600.0
    ) -> None:
        self.rank = rank
        self.size = size
        self._heart = heart
        self._links: Links = join(address, rank, size, patience)
        self._memory = _Memory(self._links)

    def sum(self, tensor: Tensor) -> Tensor:
        """Return the sum over ranks, added in the order of ranks."""
        if isinstance(tensor, np.ndarray):
            return self._total(tensor)
        return differentiable(self._total, tensor)

    def broadcast(self, arrays: Sequence[NDArray[Any]], root: int = 0) -> Arrays:
        """Give all ranks `root`'s bytes through the memory that they share."""
        sizes = [array.nbytes for array in arrays]
        slots = self._memory.slots(sum(sizes))
        if self.rank == root:
            slots[root, : sum(sizes)] = _bytes_of(arrays)
        self._links.meet(_CALL.pack(b"b", sum(sizes)))
        pieces = np.split(slots[root, : sum(sizes)], np.cumsum(sizes)[:-1]) if arrays else []
        return [
            np.frombuffer(piece.tobytes(), array.dtype).reshape(array.shape)
            for piece, array in zip(pieces, arrays, strict=True)
        ]

    def gather(self, value: object) -> list[Any]:
        """Exchange pickles: the other side is this same program on another rank."""
        return [pickle.loads(content) for content in self._links.gather(pickle.dumps(value))]

    def barrier(self) -> None:
        """Wait until every rank is here."""
        self._links.meet(_CALL.pack(b".", 0))

    def beat(self, step: int) -> None:
        """Say that this rank moves."""
        self._heart.beat(step)

    def close(self) -> None:
        """Leave the ring: the calls of all others raise from now on."""
        self._links.close()

    def _total(self, array: NDArray[Any]) -> NDArray[Any]:
        flat = np.ascontiguousarray(array).reshape(-1)
        slots = self._memory.slots(flat.nbytes)[:, : flat.nbytes].view(flat.dtype)
        slots[self.rank] = flat
        self._links.meet(_CALL.pack(b"+", flat.nbytes))
        with np.errstate(all="ignore"):  # NaN and infinity travel, and the guards find them
            if self.size <= ALL_ADD or flat.nbytes <= SMALL:
                return _added(slots[: self.size], np.empty_like(flat)).reshape(array.shape)
            return self._scattered(slots).reshape(array.shape)

    def _scattered(self, slots: NDArray[Any]) -> NDArray[Any]:
        """Add this rank's share of the numbers, then take everybody's."""
        share = -(-slots.shape[1] // self.size)
        mine = slice(self.rank * share, (self.rank + 1) * share)
        _added(slots[: self.size, mine], slots[self.size, mine])
        self._links.meet(_CALL.pack(b"=", slots.shape[1]))
        total: NDArray[Any] = slots[self.size].copy()
        return total


class _Memory:
    """A slot for each rank and one for their total, twice: one set a call, in turn.

    So a rank may begin the next call while another still reads what this one left.
    """

    def __init__(self, links: Links) -> None:
        self._links = links
        self._sets: NDArray[np.uint8] = np.empty((2, links.size + 1, 0), np.uint8)
        self._turn = 0

    def slots(self, nbytes: int) -> NDArray[np.uint8]:
        """Return the next call's slots [ranks + 1, nbytes or more]; all ranks ask for the same."""
        if nbytes > self._sets.shape[2]:
            self._sets = self._grown(-(-nbytes // PAGE) * PAGE)
        self._turn = 1 - self._turn
        slots: NDArray[np.uint8] = self._sets[self._turn]
        return slots

    def _grown(self, nbytes: int) -> NDArray[np.uint8]:
        """Map a larger piece; nobody can still be reading the old one for a call before."""
        shape = (2, self._links.size + 1, nbytes)
        self._links.meet(_CALL.pack(b"m", nbytes))
        size = int(np.prod(shape))
        descriptor = self._links.share(_nameless(size) if self._links.rank == 0 else None)
        mapped = mmap.mmap(descriptor, size)
        os.close(descriptor)
        return np.frombuffer(mapped, np.uint8).reshape(shape)


def _nameless(size: int) -> int:
    """Return the descriptor of a file in memory that has no name: a kill leaves nothing behind."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("farandole-ring")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor


def _added(terms: NDArray[Any], total: NDArray[Any]) -> NDArray[Any]:
    np.add(terms[0], terms[1], out=total)
    for term in terms[2:]:
        np.add(total, term, out=total)
    return total


def _bytes_of(arrays: Sequence[NDArray[Any]]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(array.tobytes() for array in arrays), np.uint8)
