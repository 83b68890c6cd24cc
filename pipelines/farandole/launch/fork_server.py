"""A process that has imported what ranks need, and forks them: a rank then starts in milliseconds.

`python -m farandole.launch.fork_server DESCRIPTOR MODULE` serves on a listening Unix socket that it
was given, once `MODULE` is imported; the standard library only. A supervisor sends a program's
arguments, environment and output files, is told its process id, and its exit status at the end. A
program dies with its supervisor, and with this process. docs/decisions/0013-restarts.md says why.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import traceback
import warnings
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any, NoReturn

from farandole.launch.forked import NUMBER
from farandole.launch.rank import end_with_parent

DESCRIPTORS = 2  # standard output and standard error


class ForkServer:
    """Forks a program a connection; one thread, as whoever forks should have."""

    def __init__(self, door: socket.socket) -> None:
        self._door = door
        self._here = os.getpid()
        self._watched = selectors.DefaultSelector()
        self._watched.register(door, selectors.EVENT_READ, self._let_in)
        self._children: set[int] = set()
        self._ends = False

    def serve(self) -> NoReturn:
        """Serve until killed; after SIGTERM, until the last program has ended."""
        signal.signal(signal.SIGTERM, self._retire)
        while True:
            self._watched.select()[0][0].data()  # one at a time: it may end what others wait for

    def _let_in(self) -> None:
        link, _ = self._door.accept()
        try:
            asked, files = _asked(link)
        except (OSError, ValueError):
            link.close()
            return
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            self._forget(link)
            _become(asked, files, self._here)
        for file in files:
            os.close(file)
        self._follow(child, link)

    def _follow(self, child: int, link: socket.socket) -> None:
        self._children.add(child)
        ending = os.pidfd_open(child)
        self._watched.register(
            ending, selectors.EVENT_READ, lambda: self._bury(child, ending, link)
        )
        self._watched.register(link, selectors.EVENT_READ, lambda: self._end(child, link))
        _tell(link, child)

    def _bury(self, child: int, ending: int, link: socket.socket) -> None:
        """Tell the supervisor how its program ended."""
        self._watched.unregister(ending)
        os.close(ending)
        _, status = os.waitpid(child, 0)
        _tell(link, os.waitstatus_to_exitcode(status))
        if link in self._watched.get_map():
            self._watched.unregister(link)
        link.close()
        self._children.remove(child)
        if self._ends and not self._children:
            os._exit(0)

    def _retire(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """The launcher is gone: supervisors still give their programs the time to save."""
        self._ends = True
        if not self._children or os.getpid() != self._here:
            os._exit(128 + number)

    def _end(self, child: int, link: socket.socket) -> None:
        """Kill a program whose supervisor is gone; a supervisor says nothing while it lives."""
        self._watched.unregister(link)
        try:
            os.killpg(child, signal.SIGKILL)
        except ProcessLookupError:  # it has no session of its own yet
            os.kill(child, signal.SIGKILL)

    def _forget(self, link: socket.socket) -> None:
        """Close, in a fork, what only this server may hold open."""
        link.close()
        for key in [*self._watched.get_map().values()]:
            held = key.fileobj
            os.close(held) if isinstance(held, int) else held.close()  # type: ignore[attr-defined]
        self._watched.close()


def _asked(link: socket.socket) -> tuple[Mapping[str, Any], Sequence[int]]:
    length, files, _, _ = socket.recv_fds(link, NUMBER.size, DESCRIPTORS)
    if len(files) != DESCRIPTORS:
        raise ValueError("expected the files of standard output and standard error")
    content = link.recv(NUMBER.unpack(length)[0], socket.MSG_WAITALL)
    asked: Mapping[str, Any] = json.loads(content)
    return asked, files


def _tell(link: socket.socket, number: int) -> None:
    try:
        link.sendall(NUMBER.pack(number))
    except OSError:
        return  # the supervisor is gone; its program is ended for that


def _become(asked: Mapping[str, Any], files: Sequence[int], parent: int) -> NoReturn:
    """Turn this fork into the program, as `python -m` would run it; its session is its own."""
    os.setsid()
    end_with_parent(signal.SIGKILL, parent)
    for file, standard in zip(files, (1, 2), strict=True):
        os.dup2(file, standard)
        os.close(file)
    os.environ.clear()
    os.environ.update(asked["environment"])
    warnings.filterwarnings("ignore", ".*found in sys.modules after import")  # that is the point
    module, *sys.argv[1:] = asked["program"]
    code = _code_of(module)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _code_of(module: str) -> int:
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ending:
        if isinstance(ending.code, int) or ending.code is None:
            return (ending.code or 0) & 0xFF
        print(ending.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main() -> NoReturn:
    """Import the module of the command line, then serve."""
    end_with_parent(signal.SIGTERM, int(sys.argv[3]))
    importlib.import_module(sys.argv[2])
    ForkServer(socket.socket(fileno=int(sys.argv[1]))).serve()


if __name__ == "__main__":
    main()
