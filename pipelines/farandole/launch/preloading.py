"""Start a fork server beside a training, where this machine can fork ranks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from farandole.launch.environment import rank_environment
from farandole.launch.here import cores
from farandole.launch.meeting import GPU


def can_fork() -> bool:
    """Whether ranks can be forked here: Linux tells when they end, and no GPU's driver is near."""
    return hasattr(os, "pidfd_open") and not GPU.exists()


@contextmanager
def fork_server(
    module: str, ranks: int, environment: Mapping[str, str] | None = None
) -> Iterator[Path | None]:
    """Give the address of a process that imports `module` and then forks `ranks` ranks of it.

    It is there at once; what is asked waits for the import. None where ranks cannot be forked. A
    server that cannot import, or dies, is no error: supervisors then start their programs anew.
    """
    if not can_fork():
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="farandole-", dir=_short()) as folder:
        address = Path(folder) / "fork"
        process = _started(address, module, _environment(ranks, environment or {}))
        try:
            yield address
        finally:
            process.kill()
            process.wait()


def _environment(ranks: int, given: Mapping[str, str]) -> dict[str, str]:
    """Return what libraries read while they are imported; a rank's own comes with its program."""
    return rank_environment(
        os.environ, given, rank=0, ranks=ranks, meeting=None, cores=cores(), silence_seconds=600.0
    )


def _started(address: Path, module: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(os.fspath(address))
        door.listen()
        here = [str(door.fileno()), module, str(os.getpid())]
        return subprocess.Popen(
            [sys.executable, "-m", "farandole.launch.fork_server", *here],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # a rank that starts anew says the same, into its own file
            env=environment,
            pass_fds=[door.fileno()],
            start_new_session=True,
        )


def _short() -> str | None:
    """Return a folder whose path is short: a Unix socket's may have 107 bytes (unix(7))."""
    return "/tmp" if len(tempfile.gettempdir()) > 60 and Path("/tmp").is_dir() else None
