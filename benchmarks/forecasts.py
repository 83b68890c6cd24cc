"""What docs/scaling.md forecasts: published cases, and 8 to 512 GPUs on today's wires."""

from __future__ import annotations

from dataclasses import dataclass, replace

from farandole.ring.scaling import Cluster, Form, Wire, Work, weak

MICRO = 1e-6


@dataclass(frozen=True)
class Network:
    """A network: its parameters, and images/s of training on one Pascal P100, 64 a step."""

    name: str
    parameters: float
    images_per_second: float

    def work(self, overlap: float, rows: int = 64, faster: float = 1.0) -> Work:
        """Return its step on a GPU `faster` times as fast, gradients in float32."""
        seconds = rows / self.images_per_second / faster
        return Work(rows, seconds, 4 * self.parameters, overlap)


def wire(microseconds: float, gigabytes: float) -> Wire:
    """Return a wire of so much latency and so many GB/s."""
    return Wire(latency_seconds=microseconds * MICRO, bytes_per_second=gigabytes * 1e9)


# images/s: tensorflow.org/performance/benchmarks, May 2017, synthetic data, one P100 of a DGX-1.
# ResNet-101 is not in that table: midway between ResNet-50 and ResNet-152 in time, as in layers.
INCEPTION = Network("Inception V3", 23.85e6, 142.0)
RESNET_50 = Network("ResNet-50", 25.6e6, 219.0)
RESNET_101 = Network("ResNet-101", 44.7e6, 2 / (1 / 219.0 + 1 / 91.8))
VGG_16 = Network("VGG-16", 138.4e6, 154.0)

# Only the wire between nodes is published; latencies and what is inside a node are assumed.
HOROVOD = Cluster(4, wire(5, 10), wire(15, 25 / 8))
GOYAL = Cluster(8, wire(5, 20), wire(15, 50 / 8))
TODAY = {"25 Gb/s": 25, "100 Gb/s": 100, "400 Gb/s": 400}
OVERLAPS = (0.0, 0.5, 1.0)


@dataclass(frozen=True)
class Published:
    """A measured efficiency on `gpus` GPUs, against one GPU or against a node of `base`."""

    network: Network
    source: str
    cluster: Cluster
    gpus: int
    base: int
    rows: int
    images_per_second: float
    seen: float

    def forecast(self, overlap: float, form: Form = "ring") -> float:
        """Return the efficiency that the calculator gives; NCCL's ring goes through all GPUs."""
        network = replace(self.network, images_per_second=self.images_per_second)
        work = network.work(overlap, self.rows)
        whole, base = (weak(work, n, self.cluster, form) for n in (self.gpus, self.base))
        return whole.efficiency / base.efficiency


def _horovod(network: Network, seen: float) -> Published:
    return Published(network, "Horovod", HOROVOD, 512, 1, 64, network.images_per_second, seen)


PUBLISHED = (
    _horovod(INCEPTION, 0.90),
    _horovod(RESNET_101, 0.90),
    _horovod(VGG_16, 0.68),
    Published(RESNET_50, "Goyal et al.", GOYAL, 256, 8, 32, 195.0, 0.90),
)


def published_table() -> str:
    """Return published efficiencies beside forecasts at no, half and full overlap, as Markdown."""
    lines = [
        "| network | GPUs | published | no overlap | half | full |",
        "|---|---|---|---|---|---|",
    ]
    for each in PUBLISHED:
        told = " | ".join(f"{100 * each.forecast(overlap):.0f} %" for overlap in OVERLAPS)
        seen = f"{100 * each.seen:.0f} %"
        lines.append(f"| {each.network.name}, {each.source} | {each.gpus} | {seen} | {told} |")
    return "\n".join(lines)


def forecast_table(faster: float = 8.0) -> str:
    """Return efficiency from 8 to 512 GPUs of today, without overlap and with half, as Markdown."""
    sizes = (8, 16, 32, 64, 128, 256, 512)
    head = " | ".join(str(size) for size in sizes)
    lines = [f"| network, wire | {head} | images/s on 512 |", "|---" * (len(sizes) + 2) + "|"]
    for network in (RESNET_50, RESNET_101, VGG_16):
        for name, gigabits in TODAY.items():
            cluster = Cluster(8, wire(5, 200), wire(10, gigabits / 8))
            none, half = (
                [weak(network.work(overlap, faster=faster), n, cluster) for n in sizes]
                for overlap in (0.0, 0.5)
            )
            told = " | ".join(
                f"{100 * low.efficiency:.0f} / {100 * high.efficiency:.0f} %"
                for low, high in zip(none, half, strict=True)
            )
            speeds = f"{none[-1].rows_per_second:,.0f} / {half[-1].rows_per_second:,.0f}"
            lines.append(f"| {network.name}, {name} | {told} | {speeds} |")
    return "\n".join(lines)
