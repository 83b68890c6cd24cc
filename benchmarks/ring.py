"""The ring: two ranks against two processes that know nothing of each other, and against peers.

Run by `make bench ONLY=ring`. All variants are alive at once, pinned alike, one core a rank, and
take windows of steps in turn; those that wait are stopped by SIGSTOP (Horovod's background thread
would go on taking turns), except tf.distribute's, whose ranks would declare each other dead.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from figures import Figure, publish

from farandole.launch.environment import rank_environment
from farandole.launch.meeting import meeting

RANKS = 2
PROGRAM = Path(__file__).parent / "peers/ring_rank.py"
NEVER_STOPPED = ("mirrored",)
IN_MEMORY = ("ours", "memory", "repeated")
PEERS = {  # what each is called, and the goal of ours against it
    "alone": ("two independent processes", ">= 0.90"),
    "mirrored": ("MultiWorkerMirroredStrategy RING", ">= 1"),
    "memory": ("a loop by hand over the same sum", ">= 0.98"),
    "horovod": ("Horovod by hand, a tensor each", ""),
    "grouped": ("Horovod by hand, grouped", ""),
    "ours over Horovod": ("our loop over Horovod", ""),
    "repeated": ("itself with reproducible: true", "told"),
}
BY_HAND = ("horovod", "grouped")  # with Horovod's own defaults, not with ours
DEFAULTS = {"HOROVOD_FUSION_THRESHOLD": str(128 << 20), "HOROVOD_CYCLE_TIME": "1"}


@dataclass
class Variant:
    """Two ranks of one way to train; `ours over Horovod` runs the program `ours`."""

    name: str
    ranks: list[subprocess.Popen[str]]
    folder: Path

    def window(self, steps: int) -> float:
        """Take `steps` steps; returns the mean milliseconds of one, over both ranks."""
        self._signal(signal.SIGCONT)
        try:
            self._ask(2)  # processes that were stopped wake up
            return self._ask(steps)
        finally:
            self.rest()

    def rest(self) -> None:
        """Stop the ranks until their next window."""
        if self.name not in NEVER_STOPPED:
            self._signal(signal.SIGSTOP)

    def heard(self) -> float:
        """Read what each rank answers."""
        return statistics.mean(json.loads(self._line(rank)) for rank in self.ranks)

    def weights(self) -> list[Any]:
        """Return rank 0's weights after the compared steps."""
        with np.load(self.folder / "0.npz") as arrays:
            return [arrays[name] for name in arrays.files]

    def end(self) -> None:
        """End both ranks."""
        for rank in self.ranks:
            rank.kill()
            rank.communicate()

    def _ask(self, steps: int) -> float:
        for rank in self.ranks:
            assert rank.stdin is not None
            rank.stdin.write(f"{steps}\n")
            rank.stdin.flush()
        return self.heard()

    def _line(self, rank: subprocess.Popen[str]) -> str:
        assert rank.stdout is not None
        line = rank.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name}: a rank ended: see {self.folder}/*.err")
        return line

    def _signal(self, number: signal.Signals) -> None:
        for rank in self.ranks:
            rank.send_signal(number)


def start(name: str, folder: Path, stack: ExitStack, given: Mapping[str, str]) -> Variant:
    """Start both ranks of a variant, and wait until each has taken its compared steps."""
    home = folder / name.replace(" ", "-")
    home.mkdir()
    transport = "memory" if name in IN_MEMORY else "horovod"
    place = stack.enter_context(meeting(RANKS, transport))
    workers = json.dumps([f"127.0.0.1:{free_port()}" for _ in range(RANKS)])
    own = DEFAULTS if name in BY_HAND else {}
    ranks = []
    for rank in range(RANKS):
        environment = rank_environment(
            os.environ,
            {"WORKERS": workers, "TF_CPP_MIN_LOG_LEVEL": "3", **own, **given},
            rank=rank,
            ranks=RANKS,
            meeting=None if name in ("alone", "mirrored") else place,
            cores=RANKS,
            silence_seconds=600,
        )
        ranks.append(process(name.split(" ")[0], rank, home, environment))
    variant = Variant(name, ranks, home)
    stack.callback(variant.end)
    variant.heard()
    variant.rest()
    return variant


def process(
    program: str, rank: int, home: Path, environment: Mapping[str, str]
) -> subprocess.Popen[str]:
    """Start one rank; what it says of its troubles is kept."""
    with (home / f"{rank}.err").open("w") as errors:
        return subprocess.Popen(
            [sys.executable, str(PROGRAM), program, str(rank), str(home)],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )


def free_port() -> int:
    """Return a port of loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def measured(variants: Sequence[Variant], rounds: int, steps: int) -> dict[str, list[float]]:
    """Take windows in turn, the order reversed each time; returns milliseconds a step."""
    seen: dict[str, list[float]] = {variant.name: [] for variant in variants}
    for turn in range(rounds + 1):
        for variant in variants if turn % 2 else reversed(variants):
            value = variant.window(steps)
            if turn:
                seen[variant.name].append(value)
    return seen


def difference(one: Variant, other: Variant) -> float:
    """Return the greatest ||w - w'|| / ||w'|| of any variable."""
    pairs = zip(one.weights(), other.weights(), strict=True)
    return max(float(np.linalg.norm(a - b) / (np.linalg.norm(b) or 1.0)) for a, b in pairs)


def speeds(milliseconds: Sequence[float]) -> list[float]:
    """Return steps a second."""
    return [1000 / each for each in milliseconds]


def figures(seen: Mapping[str, Sequence[float]]) -> list[Figure]:
    """Set ours against each peer, in steps a second."""
    mine = speeds(seen["ours"])
    return [
        Figure(
            f"2 ranks, CNN of 554,346 parameters, against {called}",
            "steps/s",
            mine,
            speeds(seen[name]),
            called,
            goal,
        )
        for name, (called, goal) in PEERS.items()
        if name in seen
    ]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    names = options.only or [*PEERS, "ours"]
    given = dict(each.split("=", 1) for each in options.set)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        variants = {name: start(name, Path(folder), stack, given) for name in names}
        seen = measured(list(variants.values()), options.rounds, options.steps)
        for name, values in seen.items():
            print(f"{name:20s} {statistics.median(values):7.2f} ms a step", flush=True)
        if options.only or options.set:
            return
        apart = difference(variants["ours"], variants["horovod"])
        without = difference(variants["ours"], variants["alone"])
    if not apart <= 1e-5 < without:
        raise SystemExit(
            f"expected the hand-written loop's weights to 1e-5 and others without a ring, received "
            f"{apart:.2e} and {without:.2e}"
        )
    publish("ring", "The ring", figures(seen), [remark(apart, without)])


def remark(apart: float, without: float) -> str:
    """Say how the weights after the compared steps were, and what that is worth."""
    return (
        f"After 50 steps ||w - w'|| / ||w'|| of the variable that differs most is {apart:.1e} "
        f"between ours and Horovod by hand (batch sizes are powers of two, so dividing by them "
        f"rounds nothing), and {without:.1e} between ours and a process that knows no other.\n"
    )


if __name__ == "__main__":
    main()
