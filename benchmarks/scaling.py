"""The scaling calculator: the step of two ranks that it forecasts, against the one measured.

Run by `make bench ONLY=scaling`. Also writes the tables of docs/scaling.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from figures import DOCS, Figure, machine, publish
from forecasts import forecast_table, published_table

from farandole.launch import here
from farandole.ring.scaling import Cluster, Wire, Work, ring_seconds, weak

PAGE = DOCS / "scaling.md"
RANK = Path(__file__).parent / "peers/scaling_rank.py"
BATCH = 64
FORECASTS = {"alone": "one process alone", "beside": "two processes beside each other"}


def measured(rounds: int, steps: int) -> dict[str, Any]:
    """Let two pinned ranks measure; returns the wire, and seconds by network and round."""
    with tempfile.TemporaryDirectory() as name:
        program = [sys.executable, str(RANK), name, str(rounds), str(steps)]
        here.ring(program, 2, Path(name), environment=dict(os.environ))
        found: dict[str, Any] = json.loads((Path(name) / "found.json").read_text("utf-8"))
    return found


def figures(wire: Wire, networks: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """Set what the calculator says of two ranks against the step that was seen."""
    return [
        Figure(
            f"forecast of 2 ranks, {network['bytes'] / 1e6:.1f} MB, from {told}",
            "ms",
            [1000 * forecast(wire, network["bytes"], seconds) for seconds in network[what]],
            [1000 * seconds for seconds in network["ring"]],
            "measured",
            note=note(wire, network),
        )
        for network in networks
        for what, told in FORECASTS.items()
    ]


def forecast(wire: Wire, size: int, compute: float) -> float:
    """Return the seconds of a step of two ranks whose reduction hides behind nothing."""
    return weak(Work(BATCH, compute, size), 2, Cluster(2, wire, wire)).step_seconds


def note(wire: Wire, network: Mapping[str, Any]) -> str:
    """Say what the sum alone took, beside the least that the wire allows."""
    seen = 1000 * statistics.median(network["reduction"])
    least = 1000 * ring_seconds(network["bytes"], 2, wire)
    return f"the sum: least {least:.2f} ms, seen {seen:.2f} ms"


def measured_table(told: Sequence[Figure], wire: Wire) -> str:
    """Return the figures as docs/scaling.md shows them."""
    lines = [
        "| gradients, compute from | forecast | measured | error [95 %] | the sum |",
        "|---|---|---|---|---|",
    ]
    for each in told:
        low, high = (100 * (bound - 1) for bound in each.interval)
        lines.append(
            f"| {each.name.removeprefix('forecast of 2 ranks, ')} | "
            f"{statistics.median(each.ours):.1f} ms | {statistics.median(each.peer):.1f} ms | "
            f"{100 * (each.value - 1):+.1f} % [{low:+.1f}, {high:+.1f}] | {each.note} |"
        )
    about = (
        f"Wire: {wire.bytes_per_second / 1e9:.2f} GB/s, {1e6 * wire.latency_seconds:.0f} µs. "
        f"{len(told[0].ours)} rounds. {machine()}"
    )
    return "\n".join([*lines, "", about])


def write(tables: Mapping[str, str]) -> None:
    """Put tables between their marks in docs/scaling.md."""
    page = PAGE.read_text("utf-8")
    for name, table in tables.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, rest = page.split(begin, 1)
        page = f"{before}{begin}\n{table}\n{end}{rest.split(end, 1)[1]}"
    PAGE.write_text(page, "utf-8")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--dry", action="store_true", help="print only")
    options = parser.parse_args()
    found = measured(options.rounds, options.steps)
    wire = Wire.model_validate(found["wire"])
    told = figures(wire, found["networks"])
    table = measured_table(told, wire)
    if options.dry:
        print(table)
        return
    write({"measured": table, "published": published_table(), "forecast": forecast_table()})
    publish("scaling", "The scaling calculator", told)


if __name__ == "__main__":
    main()
