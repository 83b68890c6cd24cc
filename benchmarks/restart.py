"""How long a ring stands still when a rank is killed: from the kill to the end of the next step.

Two ranks train the CNN of 554,346 parameters; rank 1 is killed over and over. Ours forks both ranks
from a process that has imported everything and reads the last checkpoint, as `farandole run` does.
The two other ways were tried for decision 13: new processes for both ranks; and rank 0 survives
with its network and state in memory and meets a new rank 1, as Horovod Elastic does it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from figures import Figure, publish

from farandole.launch.here import cores, ring
from farandole.launch.lasting import Life, outlast
from farandole.launch.preloading import fork_server

PEERS = Path(__file__).parent / "peers"
PLACES = {"PYTHONPATH": f"{PEERS}:{PEERS.parent}"}
MODULE = "restart_rank"
RANKS, KILLS, ROUNDS = 2, 3, 3
ORDER = ("python", "imported", "joined", "built", "resumed", "first step")
PARTS = {
    "noticed": "seen and ended",
    "python": "processes started",
    "imported": "TensorFlow imported",
    "joined": "ranks met",
    "built": "network and rows built",
    "resumed": "checkpoint read and spread",
    "first step": "first step: traced and taken",
}
Parts = dict[str, float]


def forked(folder: Path) -> list[Parts]:
    """The launcher that people use."""
    with fork_server(MODULE, RANKS, PLACES) as server:
        return _lasting(folder, server.address())


def anew(folder: Path) -> list[Parts]:
    """The same launcher, with new processes for every life."""
    return _lasting(folder, None)


def _lasting(folder: Path, server: Path | None) -> list[Parts]:
    noticed: dict[int, float] = {}

    def live(life: Life) -> None:
        noticed[life.number] = time.time()
        program = _program(folder, str(life.number))
        ring(program, life.ranks, folder, environment=PLACES, fork_server=server)

    outlast(live, RANKS, folder, lambda _: None)
    return [_parts(folder, life, noticed[life + 1]) for life in range(1, KILLS + 1)]


def surviving(folder: Path) -> list[Parts]:
    """Rank 0 lives on; a new rank 1 is started as soon as the old one has died."""
    first = _rank(folder, 0, 1)
    noticed = []
    for life in range(1, KILLS + 2):
        other = _rank(folder, 1, life)
        other.wait()
        noticed.append(time.time())
    first.wait()
    return [_parts(folder, life, noticed[life - 1]) for life in range(1, KILLS + 1)]


def _rank(folder: Path, rank: int, life: int) -> subprocess.Popen[bytes]:
    program = _program(folder, f"surviving{life}")
    place = {"HOROVOD_RANK": str(rank), "HOROVOD_SIZE": str(RANKS)}
    place["FARANDOLE_RING_ADDR"] = "set by the rank"
    return subprocess.Popen(program, env={**_environment(), **place}, stderr=subprocess.DEVNULL)


def _program(folder: Path, what: str) -> list[str]:
    return [sys.executable, "-m", MODULE, str(folder), str(KILLS + 1), what]


def _environment() -> dict[str, str]:
    threads = str(max(1, cores() // RANKS))
    ours = {"OMP_NUM_THREADS": threads, "TF_NUM_INTRAOP_THREADS": threads}
    return {
        **os.environ,
        **PLACES,
        **ours,
        "TF_NUM_INTEROP_THREADS": "2",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }


def _parts(folder: Path, life: int, noticed: float | None) -> Parts:
    """Seconds of each part between the kill in `life` and the next life's first step.

    A part ends when the slower rank has done it; what a rank had already done takes none.
    """
    killed = float((folder / f"killed-{life}").read_text())
    marks = [
        json.loads((folder / f"marks-{life + 1}-{rank}.json").read_text()) for rank in range(RANKS)
    ]
    at, parts = killed, Parts()
    for what in ("noticed", *ORDER):
        told = [noticed] if what == "noticed" else [rank.get(what) for rank in marks]
        end = max((when for when in told if when is not None), default=at)
        parts[what] = max(0.0, end - at)
        at = max(at, end)
    return parts


def figure(name: str, every: list[Parts], goal: str) -> Figure:
    """A way's seconds, without what it imports."""
    beyond = [sum(parts.values()) - parts["imported"] for parts in every]
    middles = {PARTS[what]: statistics.median(p[what] for p in every) for what in PARTS}
    details: dict[str, object] = {what: round(value, 3) for what, value in middles.items()}
    return Figure(name, "s", beyond, goal=goal, higher=False, details=details)


def against(name: str, ours: list[float], peer: list[float]) -> Figure:
    """All seconds of two ways, imports and all."""
    return Figure("all of it, against another way", "s", ours, peer, name, higher=False)


def main() -> None:
    """Measure the three ways in turn."""
    ways: dict[str, Callable[[Path], list[Parts]]] = {
        "forked": forked,
        "anew": anew,
        "surviving": surviving,
    }
    seen: dict[str, list[Parts]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, run in ways.items():
            with tempfile.TemporaryDirectory(prefix="farandole-") as folder:
                seen[way] += run(Path(folder))
    for way, every in seen.items():
        print(way, {what: round(statistics.median(p[what] for p in every), 2) for what in PARTS})
    whole = {way: [sum(parts.values()) for parts in every] for way, every in seen.items()}
    if "--dry" in sys.argv:
        for way, each in whole.items():
            print(way, [round(value, 2) for value in each])
        return
    publish(
        "restart",
        "Restart after a kill",
        [
            figure("kill to the end of the next step, no import", seen["forked"], "<= 5 s"),
            against("new processes for both ranks", whole["forked"], whole["anew"]),
            against("a surviving rank 0 and a new rank 1", whole["forked"], whole["surviving"]),
        ],
        [_told(name, seen[name]) for name in ways],
    )


def _told(name: str, every: list[Parts]) -> str:
    parts = [f"{PARTS[w]} {statistics.median(p[w] for p in every):.2f}" for w in PARTS]
    return f"Medians in seconds, {name}: {', '.join(parts)}."


if __name__ == "__main__":
    main()
