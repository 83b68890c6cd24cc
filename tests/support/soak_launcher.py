"""The launcher of the soak: `python -m tests.support.soak_launcher FOLDER STEPS RANKS [elastic]`.

A ring that outlasts its ranks, with a reader of its checkpoints beside it in every life; each life
is a new writer of checkpoints, whichever launcher starts it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from farandole.launch.companion import companion
from farandole.launch.here import ring
from farandole.launch.lasting import Life, WantedSize, outlast
from farandole.launch.preloading import fork_server
from farandole.launch.rank import end_with_parent
from farandole.launch.restarts import Bounds

ROOT = Path(__file__).parents[2]
RESTARTS = 20  # a soak kills a ring more often before its first step than any machine does
SILENCE = 60.0


def program(module: str, *more: object) -> list[str]:
    return [sys.executable, "-m", f"tests.support.{module}", *map(str, more)]


def attempt(folder: Path) -> int:
    """The number of a life, among all lives of all launchers."""
    number = 1
    while True:
        try:
            (folder / "attempts" / f"{number:05d}").touch(exist_ok=False)
        except FileExistsError:
            number += 1
        else:
            return number


def prepared(folder: Path) -> Path:
    for name in ("attempts", "rows", "digests", "read", "store"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return folder


def main(folder: Path, steps: int, ranks: int, bounds: Bounds | None) -> None:
    environment = {"PYTHONPATH": os.fspath(ROOT)}

    def live(life: Life) -> None:
        number = attempt(folder)
        rank = program("soak_rank", folder, number, steps)
        reader = program("soak_reader", folder, number)
        with companion(reader, folder, "reader", environment):
            ring(
                rank,
                life.ranks,
                folder,
                environment=environment,
                leave=life.leave,
                silence_seconds=SILENCE,
                fork_server=server.address(),
            )

    def say(sentence: str) -> None:
        with (folder / "said").open("a") as out:
            out.write(f"{time.time():.3f} {os.getpid()} {sentence}\n")

    wanted = WantedSize(folder / "size")
    with fork_server("tests.support.soak_rank", ranks, environment) as server:
        outlast(live, ranks, folder, say, bounds=bounds, wanted=wanted, restarts=RESTARTS)


if __name__ == "__main__":
    end_with_parent(signal.SIGTERM, os.getppid())
    elastic = Bounds(1, 3) if len(sys.argv) > 4 else None
    main(prepared(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3]), elastic)
