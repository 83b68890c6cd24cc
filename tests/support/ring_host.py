"""Rings that share memory, with a thread for each rank: sockets and memory are the real ones."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from farandole.ring.heartbeat import Silent
from farandole.ring.host_ring import HostRing

T = TypeVar("T")


def on_host(size: int, program: Callable[[HostRing], T], patience: float = 60.0) -> list[T]:
    """Run `program` on every rank; a rank that ends, well or not, leaves the ring."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(size) as pool:

        def one(rank: int) -> T:
            ring = HostRing(Path(folder) / "ring", rank, size, Silent(), patience)
            try:
                return program(ring)
            finally:
                ring.close()

        futures = [pool.submit(one, rank) for rank in range(size)]
        return [future.result() for future in futures]
