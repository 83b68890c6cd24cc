"""The form of every benchmark: interleaved pairs, a ratio with its spread, one table, one JSON.

A benchmark measures us and a peer in turn, in one run, many times. Of each pair it takes the ratio;
the figure is the median of the ratios with an interval of 95 % (percentile bootstrap over pairs).
"""

from __future__ import annotations

import json
import os
import platform
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "benchmarks.md"
RESAMPLES = 2000
PACKAGES = ("tensorflow-cpu", "tensorflow", "keras", "horovod", "numpy")


@dataclass(frozen=True)
class Figure:
    """One claim: `ours` and `peer` [pairs] in `unit`, and the goal for the ratio of the two.

    `higher` says that more of the unit is better; the ratio is ours / peer either way. A figure
    without a peer has an empty `peer` and its own median in place of a ratio.
    """

    name: str
    unit: str
    ours: Sequence[float]
    peer: Sequence[float] = ()
    peer_name: str = ""
    goal: str = ""
    note: str = ""
    higher: bool = True
    details: dict[str, object] = field(default_factory=dict)

    @property
    def ratios(self) -> list[float]:
        """Ours over the peer's, pair by pair; ours alone where there is no peer."""
        if not self.peer:
            return list(self.ours)
        return [mine / other for mine, other in zip(self.ours, self.peer, strict=True)]

    @property
    def value(self) -> float:
        """The median of the ratios."""
        return statistics.median(self.ratios)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the median."""
        draw = random.Random(0)
        ratios = self.ratios
        medians = sorted(
            statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES)
        )
        return medians[RESAMPLES // 40], medians[-RESAMPLES // 40 - 1]

    def row(self) -> str:
        """One line of the Markdown table."""
        low, high = self.interval
        ratio = f"{_short(self.value)} [{_short(low)}, {_short(high)}]"
        ours = f"{_short(statistics.median(self.ours))} {self.unit}"
        theirs = f"{_short(statistics.median(self.peer))} ({self.peer_name})" if self.peer else ""
        cells = (self.name, ours, theirs, ratio, self.goal, str(len(self.ratios)), self.note)
        return "| " + " | ".join(cells) + " |"


def interleaved(
    ours: Callable[[], float], peer: Callable[[], float], pairs: int, warm: int = 1
) -> tuple[list[float], list[float]]:
    """Measure ours and the peer in turn, who goes first changing each time; drop `warm` pairs."""
    mine, other = list[float](), list[float]()
    for pair in range(warm + pairs):
        both = ((ours, mine), (peer, other))
        for measure, seen in both if pair % 2 else reversed(both):
            value = measure()
            if pair >= warm:
                seen.append(value)
    return mine, other


def publish(name: str, title: str, figures: Sequence[Figure], remarks: Sequence[str] = ()) -> None:
    """Print a benchmark's table, write it as JSON, and put it into its place in the page."""
    lines = [
        "| figure | ours | peer | ratio or value [95 %] | goal | pairs | note |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(figure.row() for figure in figures),
    ]
    table = "\n".join([f"## {title}", "", *lines, "", *remarks, machine()])
    content = {
        "machine": machine(),
        "figures": [
            {**asdict(each), "value": each.value, "interval": each.interval} for each in figures
        ],
    }
    folder = DOCS / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    whole = json.dumps(content, indent=1, sort_keys=True) + "\n"
    (folder / f"{name}.json").write_text(whole, encoding="utf-8")
    PAGE.write_text(_placed(PAGE.read_text(encoding="utf-8"), name, table), encoding="utf-8")
    print(table, flush=True)


def machine() -> str:
    """Say where the figures were measured."""
    cores = len(os.sched_getaffinity(0))
    versions = ", ".join(
        f"{package} {found}" for package in PACKAGES if (found := _version(package))
    )
    return (
        f"Measured on {platform.machine()}, {cores} cores of a virtual machine, "
        f"Python {platform.python_version()}, {versions}."
    )


def _placed(page: str, name: str, table: str) -> str:
    """Return the page with the table between its two marks; at the end where it has none yet."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    block = f"{begin}\n{table}\n{end}"
    if begin not in page:
        return f"{page.rstrip()}\n\n{block}\n"
    before, rest = page.split(begin, 1)
    return before + block + rest.split(end, 1)[1]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _short(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


if __name__ == "__main__":
    sys.exit("this is the form of the benchmarks; run one of the others")
