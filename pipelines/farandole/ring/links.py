"""The links between ranks of one machine: a Unix socket from each to rank 0.

They carry no data of the sums, only word that a rank has come; whoever dies closes its end, so
that nobody waits for it.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from farandole.api.errors import RingError

_RANK = struct.Struct("<q")
_LENGTH = struct.Struct("<q")
RETRY_SECONDS = 0.01


class Links:
    """The links of one rank: rank 0 has one to each other rank, in order; the others one to rank 0.

    Raises `RingError` where another rank has gone, or says nothing for `patience` seconds.
    """

    def __init__(self, rank: int, peers: Sequence[socket.socket], size: int) -> None:
        self.rank = rank
        self.size = size
        self._peers = list(peers)

    def meet(self, call: bytes) -> None:
        """Wait until every rank is in the same call; `call` says which, in a fixed length.

        Two ranks both speak first, which saves one of two wake-ups.
        """
        if self.rank > 0 or self.size == 2:
            self._tell(call)
            self._hear(call)
        else:
            self._hear(call)
            self._tell(call)

    def gather(self, content: bytes) -> list[bytes]:
        """Return every rank's bytes, in the order of ranks, on every rank."""
        if self.rank > 0:
            self._send(0, content)
            return [self._receive(0) for _ in range(self.size)]
        every = [content, *(self._receive(at) for at in range(len(self._peers)))]
        for at in range(len(self._peers)):
            for each in every:
                self._send(at, each)
        return every

    def share(self, descriptor: int | None) -> int:
        """Give rank 0's file descriptor to all; returns this process's own for the same file."""
        if self.rank > 0:
            return self._given()
        assert descriptor is not None
        for peer in self._peers:
            socket.send_fds(peer, [b"f"], [descriptor])
        return descriptor

    def close(self) -> None:
        """Close this rank's ends: all others are told that it is gone."""
        for peer in self._peers:
            peer.close()

    def _tell(self, call: bytes) -> None:
        for at, peer in enumerate(self._peers):
            try:
                peer.sendall(call)
            except OSError as error:
                self._broken(at, error)

    def _hear(self, call: bytes) -> None:
        for at in range(len(self._peers)):
            heard = self._exactly(at, len(call))
            if heard != call:
                self.close()
                raise RingError(
                    f"rank {self.rank}: expected all ranks in the same call, received another "
                    f"from rank {self._name(at)}: do all run the same program and document?"
                )

    def _send(self, at: int, content: bytes) -> None:
        try:
            self._peers[at].sendall(_LENGTH.pack(len(content)) + content)
        except OSError as error:
            self._broken(at, error)

    def _receive(self, at: int) -> bytes:
        (length,) = _LENGTH.unpack(self._exactly(at, _LENGTH.size))
        return self._exactly(at, length)

    def _exactly(self, at: int, count: int) -> bytes:
        try:
            content = self._peers[at].recv(count, socket.MSG_WAITALL)
        except OSError as error:
            self._broken(at, error)
        if len(content) < count:
            self._broken(at, "it closed its link")
        return content

    def _given(self) -> int:
        try:
            _, descriptors, _, _ = socket.recv_fds(self._peers[0], 1, 1)
        except OSError as error:
            self._broken(0, error)
        if not descriptors:
            self._broken(0, "it closed its link")
        return descriptors[0]

    def _name(self, at: int) -> int:
        return at + 1 if self.rank == 0 else 0

    def _broken(self, at: int, why: object) -> NoReturn:
        """Close every link: a rank that goes on alone would keep the others waiting."""
        self.close()
        silent = "it said nothing for too long" if isinstance(why, BlockingIOError) else why
        raise RingError(
            f"rank {self.rank}: the ring broke, because another rank stopped or hung "
            f"(rank {self._name(at)}: {silent})"
        ) from (why if isinstance(why, OSError) else None)


def join(address: Path, rank: int, size: int, patience: float) -> Links:
    """Meet the other ranks at `address`; raises `RingError` where they do not come in time."""
    deadline = time.monotonic() + patience
    peers = _accepted(address, size, deadline) if rank == 0 else [_reached(address, rank, deadline)]
    for peer in peers:
        peer.settimeout(None)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(patience), 0))
    return Links(rank, peers, size)


def _accepted(address: Path, size: int, deadline: float) -> list[socket.socket]:
    """Let the others in, rank by rank; the socket gets its name once it listens."""
    come: dict[int, socket.socket] = {}
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{address}.new")
        door.listen(size)
        Path(f"{address}.new").rename(address)
        while len(come) < size - 1:
            door.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                peer, _ = door.accept()
            except TimeoutError:
                absent = sorted(set(range(1, size)) - set(come))
                raise RingError(
                    f"rank 0: expected {size - 1} other ranks, rank {absent} did not come in time"
                ) from None
            (rank,) = _RANK.unpack(peer.recv(_RANK.size, socket.MSG_WAITALL))
            come[rank] = peer
    return [come[rank] for rank in sorted(come)]


def _reached(address: Path, rank: int, deadline: float) -> socket.socket:
    link = socket.socket(socket.AF_UNIX)
    while True:
        try:
            link.connect(os.fspath(address))
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > deadline:
                raise RingError(f"rank {rank}: rank 0 did not come in time") from None
            time.sleep(RETRY_SECONDS)
        else:
            link.sendall(_RANK.pack(rank))
            return link
