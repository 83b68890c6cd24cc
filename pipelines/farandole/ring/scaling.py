"""What a step takes on more ranks than are at hand: a calculator over a few measured numbers.

`python -m farandole.ring.scaling --help` prints a table for 1 to 512 GPUs; docs/scaling.md says
what it was checked against.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Form = Literal["ring", "hierarchical"]
HOUR = 3600.0


class Wire(BaseModel):
    """What lies between the members of a ring."""

    model_config = ConfigDict(frozen=True)

    latency_seconds: float = Field(ge=0, description="From one member to the next.")
    bytes_per_second: float = Field(gt=0, description="Out of one member, while as much comes in.")


@dataclass(frozen=True)
class Cluster:
    """Nodes of `gpus_per_node` GPUs; the GPUs of a node share the wire `between` nodes."""

    gpus_per_node: int
    inside: Wire
    between: Wire


@dataclass(frozen=True)
class Work:
    """What one GPU does in a step: `rows` rows in `compute_seconds`, then `reduced_bytes` to sum.

    `overlap` is the share of the reduction that goes on while gradients are still being computed.
    """

    rows: int
    compute_seconds: float
    reduced_bytes: float
    overlap: float = 0.0


@dataclass(frozen=True)
class Forecast:
    """A step on `gpus` GPUs; `exposed_seconds` of its reduction are hidden behind no compute.

    `efficiency` is the speed a GPU beside that of a GPU alone.
    """

    gpus: int
    step_seconds: float
    reduction_seconds: float
    exposed_seconds: float
    rows_per_second: float
    efficiency: float

    def cost(self, rows: float, price: float) -> float:
        """Return what `rows` rows cost at `price` a GPU and hour."""
        return rows / self.rows_per_second * self.gpus * price / HOUR


def ring_seconds(size: float, members: int, wire: Wire) -> float:
    """Return the least time in which `members` can sum `size` bytes in a ring; 0 for one alone.

    2(N-1)/N * bytes/bandwidth + 2(N-1) * latency. No all-reduce sends less out of a member
    (Patarasuk and Yuan 2009, Bandwidth optimal all-reduce algorithms for clusters of workstations).
    """
    hops = 2 * (members - 1)
    return hops / members * size / wire.bytes_per_second + hops * wire.latency_seconds


def reduction_seconds(size: float, gpus: int, cluster: Cluster, form: Form) -> float:
    """Return the least time in which `gpus` GPUs sum `size` bytes.

    "ring": one ring through all GPUs, each hop as slow as the slowest. "hierarchical": summed
    inside each node, then between nodes, each GPU its own part, then spread inside each node.
    Raises `ValueError` where GPUs do not fill their nodes.
    """
    if gpus <= cluster.gpus_per_node:
        return ring_seconds(size, gpus, cluster.inside)
    nodes = _nodes(gpus, cluster.gpus_per_node)
    if form == "ring":
        return ring_seconds(size, gpus, _slower(cluster.inside, cluster.between))
    within = ring_seconds(size, cluster.gpus_per_node, cluster.inside)
    return within + ring_seconds(size, nodes, cluster.between)


def weak(work: Work, gpus: int, cluster: Cluster, form: Form = "hierarchical") -> Forecast:
    """Forecast a step in which every GPU keeps its rows: the global batch grows with the GPUs."""
    reduction = reduction_seconds(work.reduced_bytes, gpus, cluster, form)
    exposed = reduction - min(work.overlap * reduction, work.compute_seconds)
    step = work.compute_seconds + exposed
    speed = gpus * work.rows / step
    return Forecast(gpus, step, reduction, exposed, speed, work.compute_seconds / step)


def strong(
    work: Work, gpus: int, cluster: Cluster, form: Form = "hierarchical", fixed_seconds: float = 0.0
) -> Forecast:
    """Forecast a step that `gpus` GPUs share: the global batch is the rows of `work`.

    `fixed_seconds` of the compute do not shrink with a GPU's rows.
    """
    shared = fixed_seconds + (work.compute_seconds - fixed_seconds) / gpus
    part = weak(replace(work, compute_seconds=shared), gpus, cluster, form)
    return replace(
        part,
        rows_per_second=work.rows / part.step_seconds,
        efficiency=work.compute_seconds / (gpus * part.step_seconds),
    )


def table(work: Work, cluster: Cluster, price: float | None = None) -> str:
    """Return weak scaling from 1 to 512 GPUs as text; `price` is that of a GPU for an hour."""
    sizes = [n for n in (2**power for power in range(10)) if _fills(n, cluster.gpus_per_node)]
    cost = "" if price is None else "  cost of 1M rows"
    lines = [f"{'GPUs':>5}  {'step':>9}  {'reduction':>9}  {'efficiency':>10}  {'rows/s':>9}{cost}"]
    for each in (weak(work, gpus, cluster) for gpus in sizes):
        spent = "" if price is None else f"  {each.cost(1e6, price):15.2f}"
        lines.append(
            f"{each.gpus:5d}  {1e3 * each.step_seconds:6.1f} ms  "
            f"{1e3 * each.reduction_seconds:6.1f} ms  {each.efficiency:10.1%}  "
            f"{each.rows_per_second:9,.0f}{spent}"
        )
    return "\n".join(lines)


def _slower(one: Wire, other: Wire) -> Wire:
    return Wire(
        latency_seconds=max(one.latency_seconds, other.latency_seconds),
        bytes_per_second=min(one.bytes_per_second, other.bytes_per_second),
    )


def _nodes(gpus: int, gpus_per_node: int) -> int:
    if not _fills(gpus, gpus_per_node):
        raise ValueError(
            f"{gpus} GPUs: expected a multiple of {gpus_per_node}, the GPUs of a node; take "
            f"{gpus // gpus_per_node * gpus_per_node}"
        )
    return gpus // gpus_per_node


def _fills(gpus: int, gpus_per_node: int) -> bool:
    return gpus <= gpus_per_node or gpus % gpus_per_node == 0


def _asked() -> argparse.Namespace:
    ask = argparse.ArgumentParser("python -m farandole.ring.scaling", description=weak.__doc__)
    ask.add_argument("--rows", type=int, default=64, help="rows a GPU and step")
    ask.add_argument("--compute-ms", type=float, required=True, help="a step on one GPU alone")
    ask.add_argument("--megabytes", type=float, required=True, help="of gradients, 10^6 bytes")
    ask.add_argument("--overlap", type=float, default=0.0, help="share of the reduction, 0 to 1")
    ask.add_argument("--gpus-per-node", type=int, default=8)
    ask.add_argument(
        "--inside-gbytes", type=float, default=60.0, help="GB/s between GPUs of a node"
    )
    ask.add_argument("--between-gbits", type=float, default=100.0, help="Gb/s out of a node")
    ask.add_argument("--inside-us", type=float, default=5.0, help="latency inside a node")
    ask.add_argument("--between-us", type=float, default=15.0, help="latency between nodes")
    ask.add_argument("--price", type=float, help="of one GPU for one hour")
    return ask.parse_args()


def main() -> None:
    """Print the table for what was asked."""
    asked = _asked()
    inside = Wire(latency_seconds=asked.inside_us / 1e6, bytes_per_second=asked.inside_gbytes * 1e9)
    between = Wire(
        latency_seconds=asked.between_us / 1e6, bytes_per_second=asked.between_gbits * 1e9 / 8
    )
    work = Work(asked.rows, asked.compute_ms / 1e3, asked.megabytes * 1e6, asked.overlap)
    print(table(work, Cluster(asked.gpus_per_node, inside, between), asked.price))


if __name__ == "__main__":
    main()
