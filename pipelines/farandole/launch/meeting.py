"""Where the ranks of one machine find each other, by the way that they will add up."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from farandole.api.errors import RingError

Transport = Literal["memory", "horovod"]
WISH = "FARANDOLE_RING"
LOOPBACK = "127.0.0.1"
GPU = Path("/dev/nvidia0")


@dataclass(frozen=True)
class Meeting:
    """A meeting point: a socket's path for `memory`, a port of loopback for `horovod`."""

    transport: Transport
    address: str

    def environment(self, rank: int, ranks: int) -> dict[str, str]:
        """Tell `rank` its place, and where it meets the others."""
        place = {
            "HOROVOD_HOSTNAME": "localhost",
            "HOROVOD_RANK": str(rank),
            "HOROVOD_SIZE": str(ranks),
            "HOROVOD_LOCAL_RANK": str(rank),
            "HOROVOD_LOCAL_SIZE": str(ranks),
            "HOROVOD_CROSS_RANK": "0",
            "HOROVOD_CROSS_SIZE": "1",
        }
        if self.transport == "memory":
            return {**place, "FARANDOLE_RING_ADDR": self.address}
        return {**place, **_rendezvous(self.address)}


def chosen(wish: Transport | None, environment: Mapping[str, str]) -> Transport:
    """Return the transport that is asked for; else Horovod's where a GPU is, else memory.

    Raises `RingError` where `FARANDOLE_RING` says neither.
    """
    asked = wish or environment.get(WISH)
    if asked is None:
        return "horovod" if GPU.exists() else "memory"
    if asked not in ("memory", "horovod"):
        raise RingError(f"{WISH}: expected memory or horovod, received {asked!r}")
    return "memory" if asked == "memory" else "horovod"


@contextmanager
def meeting(ranks: int, transport: Transport) -> Iterator[Meeting | None]:
    """Keep a meeting point open while the block runs; a rank alone needs none."""
    if ranks == 1:
        yield None
    elif transport == "memory":
        with socket_folder() as folder:
            yield Meeting(transport, str(Path(folder) / "ring"))
    else:
        with _served(ranks) as port:
            yield Meeting(transport, str(port))


def _rendezvous(port: str) -> dict[str, str]:
    """Say what `horovodrun --gloo --network-interfaces lo` would say to a rank of one machine."""
    return {
        "HOROVOD_GLOO_RENDEZVOUS_ADDR": LOOPBACK,
        "HOROVOD_GLOO_RENDEZVOUS_PORT": port,
        "HOROVOD_CONTROLLER": "gloo",
        "HOROVOD_CPU_OPERATIONS": "gloo",
        "HOROVOD_GLOO_IFACE": "lo",
        "NCCL_SOCKET_IFNAME": "lo",
    }


def socket_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for sockets: a short path, since theirs may have 107 bytes (unix(7))."""
    long = len(tempfile.gettempdir()) > 60 and Path("/tmp").is_dir()
    return tempfile.TemporaryDirectory(prefix="farandole-", dir="/tmp" if long else None)


@contextmanager
def _served(ranks: int) -> Iterator[int]:
    server = subprocess.Popen(
        [sys.executable, "-m", "farandole.ring.rendezvous", str(ranks)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line:
            raise RingError("rendezvous: expected a port, received nothing: is Horovod installed?")
        yield int(line)
    finally:
        server.kill()
        server.communicate()
