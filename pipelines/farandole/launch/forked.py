"""A program that a fork server started for a supervisor, seen as `subprocess.Popen` is."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

NUMBER = struct.Struct("<q")  # how lengths, process ids and exit statuses travel


class Forked:
    """A running program; raises `OSError` where the server cannot be reached or has ended."""

    def __init__(
        self,
        server: Path,
        program: Sequence[str],
        environment: Mapping[str, str],
        out: BinaryIO,
        err: BinaryIO,
    ) -> None:
        self._code: int | None = None
        self._link = socket.socket(socket.AF_UNIX)
        self._link.connect(os.fspath(server))
        asked = json.dumps({"program": [*program], "environment": {**environment}}).encode()
        files = [out.fileno(), err.fileno()]
        socket.send_fds(self._link, [NUMBER.pack(len(asked))], files)
        self._link.sendall(asked)
        told = self._link.recv(NUMBER.size, socket.MSG_WAITALL)
        if len(told) < NUMBER.size:
            raise ConnectionResetError("the fork server has ended")
        self.pid: int = NUMBER.unpack(told)[0]
        self._handle = os.pidfd_open(self.pid)

    def poll(self) -> int | None:
        """Return the exit status once it has ended; minus the signal that killed it."""
        if self._code is None and select.select([self._link], [], [], 0)[0]:
            self._hear()
        return self._code

    def wait(self) -> int:
        """Return the exit status when it has ended."""
        while self._code is None:
            select.select([self._link], [], [])
            self.poll()
        return self._code

    def terminate(self) -> None:
        """Ask it to end."""
        try:
            signal.pidfd_send_signal(self._handle, signal.SIGTERM)
        except ProcessLookupError:
            return

    def _hear(self) -> None:
        """Take the status; a server that ended without one took the program with it."""
        told = self._link.recv(NUMBER.size, socket.MSG_WAITALL)
        whole = len(told) == NUMBER.size
        self._code = NUMBER.unpack(told)[0] if whole else -signal.SIGKILL


def module_of(program: Sequence[str], python: str) -> Sequence[str] | None:
    """Return the module that a program runs and its arguments; None where it runs none."""
    return program[2:] if [*program[:2]] == [python, "-m"] and len(program) > 2 else None
