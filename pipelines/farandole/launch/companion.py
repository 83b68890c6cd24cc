"""A program beside a ring: it ends with the ring, and its failure is told and never raised."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from farandole.launch.beside import ENDED, Ring
from farandole.launch.processes import Process, end, start_rank
from farandole.launch.records import read_record

LINES = 5
_PLACED = ("HOROVOD_", "OMPI_", "PMI_")


class Companion:
    """A running companion; `ring` is what it sees and says."""

    def __init__(self, ring: Ring, process: Process | None, unstarted: str = "") -> None:
        self.ring = ring
        self._process = process
        self._unstarted = unstarted
        self._late = False

    def finish(self, seconds: float) -> bool:
        """Tell it that the ring has ended well, and wait; False where it was not done in time."""
        self.ring.tell(ENDED)
        if self._process is not None:
            try:
                self._process.wait(max(0.0, seconds))
            except subprocess.TimeoutExpired:
                self._late = True
        return not self._late

    @property
    def failure(self) -> str | None:
        """How it ended badly, with its last lines; None where it did not, or still runs."""
        if self._process is None:
            return self._unstarted
        code = self._process.poll()
        if code in (None, 0) or self._late:
            return None
        record = read_record(self.ring.home, 0)
        if record is None or record.code is None:
            return "was lost with its supervisor"
        ending = f"was killed by {record.signal}" if record.signal else f"ended with code {code}"
        lines = [line.strip() for line in record.last.splitlines() if line.strip()]
        return ": ".join([ending, *([" / ".join(lines[-LINES:])] if lines else [])])


@contextmanager
def companion(
    program: Sequence[str], folder: Path, name: str, given: Mapping[str, str]
) -> Iterator[Companion]:
    """Run `program` while the block runs, supervised as a rank is, with one thread and no GPU.

    Its record and output lie in `folder`/`name`. It ends with the block, however that ends: within
    5 seconds, and with this process should that be killed.
    """
    ring = Ring(folder, folder / name)
    shutil.rmtree(ring.home, ignore_errors=True)
    ring.home.mkdir(parents=True)
    begun = _started(program, ring, given)
    try:
        yield begun
    finally:
        if begun._process is not None:
            end([begun._process])


def _started(program: Sequence[str], ring: Ring, given: Mapping[str, str]) -> Companion:
    surroundings = _environment({**os.environ, **given})
    try:
        return Companion(ring, start_rank(program, 0, ring.home, surroundings))
    except OSError as error:
        return Companion(ring, None, f"did not start: {error}")


def _environment(wished: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a program alone: no place in a ring, one thread, no GPU.

    The last two are not a person's to choose here: they were chosen for the ranks.
    """
    kept = {name: value for name, value in wished.items() if not name.startswith(_PLACED)}
    return {
        "PYTHONUNBUFFERED": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        **kept,
        "OMP_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "-1",
    }
