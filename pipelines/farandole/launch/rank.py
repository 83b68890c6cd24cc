"""The supervisor of one rank: starts its program, ends with it, and records how it ended.

`python -m farandole.launch.rank --folder F --rank R -- program...`; the standard library only, so
that it starts at once and works in any image. It writes `F/<rank>.json` when the program starts
and again when it has ended, and keeps the program's output in `F/<rank>.out` and `F/<rank>.err`.

The program has `--grace` seconds to save and end after SIGTERM, then its process group is killed.
If the supervisor dies, the program is killed; if the supervisor's parent dies, it ends the program.
SIGUSR1 asks the program to end as SIGTERM does, and leaves it all the time it needs. With
`--fork-server`, that one forks the program, where it is a Python module.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import struct
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from farandole.launch.forked import Forked, module_of

GRACE_SECONDS = 3.0
TAIL_BYTES = 2048
CANNOT_START = 127
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True)
class Record:
    """How a rank stands: `code` is None while it runs; `signal` names what killed it.

    `step` is the last step that began, None when the program never said; times are seconds since
    the epoch; `last` is the end of what it wrote to standard error.
    """

    rank: int
    supervisor: int
    program: int
    started: float
    ended: float | None = None
    code: int | None = None
    signal: str | None = None
    step: int | None = None
    last: str = ""


class Supervisor:
    """One program and what is known of it."""

    def __init__(self, folder: Path, rank: int, grace: float, fork_server: Path | None) -> None:
        self._folder = folder
        self._rank = rank
        self._grace = grace
        self._fork_server = fork_server
        self._child: subprocess.Popen[bytes] | Forked | None = None
        self._asked = False
        self._invited = False

    def run(self, program: list[str]) -> int:
        """Run `program` to its end and return the exit code that a shell would."""
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)
        signal.signal(signal.SIGUSR1, self._invite)
        signal.signal(signal.SIGALRM, self._kill)
        began = time.time()
        try:
            self._child = self._start(program)
        except OSError as error:
            record = Record(self._rank, os.getpid(), 0, began, began, CANNOT_START)
            self._write(replace(record, last=str(error)))
            return CANNOT_START
        record = Record(self._rank, os.getpid(), self._child.pid, began)
        self._write(record)
        if self._asked:
            self._ask(signal.SIGTERM, None)
        if self._invited:
            self._invite(signal.SIGUSR1, None)
        code = self._child.wait()
        if self._is_ours():
            self._write(self._ended(record, code))
        self._kill(signal.SIGALRM, None)  # what the program started and left behind
        return code if code >= 0 else 128 - code

    def _start(self, program: list[str]) -> subprocess.Popen[bytes] | Forked:
        environment = {**os.environ, "FARANDOLE_HEARTBEAT": str(self._path("step"))}
        module = module_of(program, sys.executable)
        with self._path("out").open("wb") as out, self._path("err").open("wb") as err:
            if self._fork_server is not None and module is not None:
                with suppress(OSError):  # it has ended: a process of our own does as well
                    return Forked(self._fork_server, module, environment, out, err)
            return self._anew(program, environment, out, err)

    def _anew(
        self, program: list[str], environment: dict[str, str], out: BinaryIO, err: BinaryIO
    ) -> subprocess.Popen[bytes]:
        here = os.getpid()
        return subprocess.Popen(
            program,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: end_with_parent(signal.SIGKILL, here),
        )

    def _ask(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._asked = True
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            signal.setitimer(signal.ITIMER_REAL, self._grace)

    def _invite(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._invited = True
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()

    def _kill(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self._child is not None:
            try:
                os.killpg(self._child.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                return  # nothing is left of the group

    def _ended(self, record: Record, code: int) -> Record:
        return replace(
            record,
            ended=time.time(),
            code=code,
            signal=signal.Signals(-code).name if code < 0 else None,
            step=self._step(),
            last=_tail(self._path("err")),
        )

    def _is_ours(self) -> bool:
        """Whether the record is still of this life of the rank.

        Where a launcher was killed, the next one's supervisors may begin before this one has ended.
        """
        written = json.loads(self._path("json").read_bytes()) if self._path("json").exists() else {}
        return bool(written.get("supervisor", os.getpid()) == os.getpid())

    def _step(self) -> int | None:
        beat = self._path("step")
        step, _ = struct.unpack("<qq", beat.read_bytes()) if beat.exists() else (-1, 0)
        return step if step >= 0 else None

    def _path(self, kind: str) -> Path:
        return self._folder / f"{self._rank}.{kind}"

    def _write(self, record: Record) -> None:
        """Replace the record in one instant: whoever follows never reads half of one."""
        whole = self._folder / f".{self._rank}.json"
        whole.write_text(json.dumps(asdict(record)), encoding="utf-8")
        whole.replace(self._path("json"))


def end_with_parent(number: int, parent: int) -> None:
    """Have the kernel signal this process when its parent dies; only Linux can."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), number)


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        return file.read().decode("utf-8", errors="replace")


def _rank_of_environment() -> int:
    names = ("HOROVOD_RANK", "OMPI_COMM_WORLD_RANK")
    return int(next((os.environ[name] for name in names if name in os.environ), "0"))


def main() -> int:
    """Supervise the program of the command line."""
    parser = argparse.ArgumentParser(prog="farandole.launch.rank")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rank", type=int, default=None)
    parser.add_argument("--parent", type=int, default=os.getppid())
    parser.add_argument("--grace", type=float, default=GRACE_SECONDS)
    parser.add_argument("--fork-server", type=Path, default=None)
    parser.add_argument("program", nargs="+")
    options = parser.parse_args()
    end_with_parent(signal.SIGTERM, options.parent)
    rank = _rank_of_environment() if options.rank is None else options.rank
    supervisor = Supervisor(options.folder, rank, options.grace, options.fork_server)
    return supervisor.run(options.program)


if __name__ == "__main__":
    sys.exit(main())
