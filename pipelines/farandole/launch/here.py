"""A ring on this machine: start its ranks, follow them, and end them all when one ends badly.

Ranks are started without `horovodrun` (docs/decisions/0006-ranks-without-horovodrun.md), and add up
in shared memory unless there are GPUs (docs/decisions/0014-ranks-of-one-machine-share-memory.md).
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from farandole.api.errors import ExitCode, RingError
from farandole.launch.environment import rank_environment
from farandole.launch.meeting import Transport, chosen, meeting
from farandole.launch.processes import Process, end, interruptible, invite_to_leave, start_rank
from farandole.launch.rank import Record
from farandole.launch.records import describe, first_failure, read_record
from farandole.launch.silence import HangError, Silence

POLL_SECONDS = 0.05
FAREWELL_SECONDS = 2.0  # for other ranks to see that one is gone, and to say so
SAVING_SECONDS = 120.0  # for ranks that were asked to leave, from the first that has left


class RankError(RingError):
    """A rank ended badly; `exit_code` is its program's where that is one of ours."""

    def __init__(self, message: str, record: Record) -> None:
        super().__init__(message)
        self.record = record
        self.rank = record.rank
        code = record.code
        self.exit_code = ExitCode(code) if code in tuple(ExitCode) else ExitCode.RING


def ring_available(transport: Transport | None = None) -> str | None:
    """Return why this machine cannot run more than one rank; None where it can."""
    if chosen(transport, os.environ) == "memory":
        return None if hasattr(socket, "send_fds") else "this system cannot share memory"
    return _horovod_available()


def _horovod_available() -> str | None:
    spec = find_spec("horovod")
    if spec is None or not spec.submodule_search_locations:
        return "Horovod is not installed here"
    homes = [Path(place) / "tensorflow" for place in spec.submodule_search_locations]
    if not any(home.glob("mpi_lib*") for home in homes):
        return "Horovod was built without TensorFlow"
    return None


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def ring(
    program: Sequence[str],
    ranks: int,
    folder: Path,
    *,
    progress: Path | None = None,
    environment: Mapping[str, str] | None = None,
    silence_seconds: float = 600.0,
    transport: Transport | None = None,
    leave: Callable[[], bool] = lambda: False,
    fork_server: Path | None = None,
) -> None:
    """Run `program` as `ranks` ranks on this machine until all have ended well.

    Each rank's record and output lie in `folder`/ranks. Raises `RankError` naming the first rank
    that failed, its step, signal and last lines; `HangError` when neither a step nor `progress`
    moved for `silence_seconds`. Whatever ends this call, SIGINT and SIGTERM included
    (`KeyboardInterrupt`), all ranks have ended when it returns, within 5 seconds. `leave` is asked
    all the time; once true, the ranks are told to stop with a checkpoint, and have all the time
    that they need. A `fork_server`, by its address, starts programs that are Python modules.
    """
    home = _emptied(folder / "ranks")
    watch = Silence(home, ranks, progress, silence_seconds, time.monotonic)
    way = chosen(transport, {**os.environ, **(environment or {})})
    with interruptible(), meeting(ranks, way) as place:
        processes: list[Process] = []
        try:
            for rank in range(ranks):
                surroundings = rank_environment(
                    os.environ,
                    environment or {},
                    rank=rank,
                    ranks=ranks,
                    meeting=place,
                    cores=cores(),
                    silence_seconds=silence_seconds,
                )
                processes.append(start_rank(program, rank, home, surroundings, fork_server))
            failed = _follow(processes, watch, leave)
        finally:
            end(processes)
    if failed:
        raise _failure([_record(home, rank, processes[rank]) for rank in failed], ranks)


def _follow(processes: Sequence[Process], watch: Silence, leave: Callable[[], bool]) -> list[int]:
    """Return the ranks that failed, once one has or all have ended; `HangError` on silence."""
    left = False
    while any(process.poll() is None for process in processes):
        if _failed(processes):
            patience = SAVING_SECONDS if left else FAREWELL_SECONDS
            _wait(patience, lambda: all(p.poll() is not None for p in processes))
            break
        if watch.too_long:
            raise HangError(f"{watch.describe()}; all were ended. Run again to resume")
        if not left and leave():
            left = True
            invite_to_leave(processes)
        time.sleep(POLL_SECONDS)
    return _failed(processes)


def _failed(processes: Sequence[Process]) -> list[int]:
    return [rank for rank, process in enumerate(processes) if process.poll() not in (None, 0)]


def _wait(seconds: float, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _record(home: Path, rank: int, process: Process) -> Record:
    """Return a rank's record; one whose supervisor never began has only its exit code."""
    unstarted = Record(rank, process.pid, 0, 0.0, ended=0.0, code=process.returncode)
    return read_record(home, rank) or unstarted


def _failure(failed: Sequence[Record], ranks: int) -> RankError:
    first = first_failure(failed)
    return RankError(f"{describe(first, ranks)}\n{_advice(first)}", first)


def _advice(first: Record) -> str:
    """What the document or the data have wrong goes wrong again until somebody mends it."""
    if first.code in (ExitCode.DOCUMENT, ExitCode.DATA):
        return "Mend that and run again to go on from here"
    resume = "Run again to resume from the last checkpoint"
    if first.code == ExitCode.RING:  # not finite, say: the same again, unless the document changes
        return f"{resume}, or change what it names in the document to begin anew"
    return resume


def _emptied(home: Path) -> Path:
    """Make the records' folder, without the files of a run before."""
    home.mkdir(parents=True, exist_ok=True)
    for kind in ("json", "step", "out", "err"):
        for stale in home.glob(f"[0-9]*.{kind}"):
            stale.unlink()
    return home
