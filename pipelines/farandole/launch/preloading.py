"""Start a fork server beside a training, where this machine can fork ranks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from farandole.launch.environment import rank_environment
from farandole.launch.here import cores
from farandole.launch.meeting import GPU, socket_folder


def can_fork() -> bool:
    """Whether ranks can be forked here: Linux tells when they end, and no GPU's driver is near."""
    return hasattr(os, "pidfd_open") and not GPU.exists()


class Preloaded:
    """A process that has imported a module, to fork programs of it; started again when it died."""

    def __init__(self, folder: Path | None, module: str, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._module = module
        self._given = environment
        self._started = 0
        self._process: subprocess.Popen[bytes] | None = None

    def address(self) -> Path | None:
        """Return where it serves, at once: what is asked waits for the import. None: nowhere."""
        if self._folder is None:
            return None
        if self._process is None or self._process.poll() is not None:
            self._started += 1
            self._process = _started(self._at(self._folder), self._module, self._given)
        return self._at(self._folder)

    def end(self) -> None:
        """End it, and with it all that it has forked."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _at(self, folder: Path) -> Path:
        return folder / f"fork-{self._started}"


@contextmanager
def fork_server(
    module: str, ranks: int, environment: Mapping[str, str] | None = None
) -> Iterator[Preloaded]:
    """Give a process that imports `module` and then forks `ranks` ranks of it, where one can.

    One that cannot import, or dies, is no error: supervisors then start their programs anew.
    """
    given = _environment(ranks, environment or {})
    with socket_folder() as folder:
        preloaded = Preloaded(Path(folder) if can_fork() else None, module, given)
        try:
            preloaded.address()
            yield preloaded
        finally:
            preloaded.end()


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
