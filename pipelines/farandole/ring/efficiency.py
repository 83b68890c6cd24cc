"""Where the time of a training went on all of its ranks, beside what the wire allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from farandole.ring.collective import Collective
from farandole.ring.scaling import HOUR, Wire, ring_seconds

STEP = ("input", "compute", "reduction", "waiting")
AROUND = ("tracing", "checkpoint", "validation", "digest", "resume")


class Efficiency(BaseModel):
    """One training from its start or its last resumption to its end.

    `seconds` are means over ranks and add up to `total`: "input" (waiting for rows), "compute",
    "reduction" (from a rank's last gradient to the sum, on the rank that waited least), "waiting"
    (what ranks spent there beyond that: for slower ranks), "tracing" (the first step, which is
    compiled), "checkpoint" (what steps lost to it), "validation", "digest" (comparing ranks'
    weights), "resume", and "other".
    """

    model_config = ConfigDict(frozen=True)

    ranks: int = Field(ge=1)
    steps: int = Field(ge=0, description="Steps from that start on; the first is compiled.")
    rows_per_step: float = Field(ge=0, description="Rows of the whole ring in a step, on average.")
    total: float = Field(ge=0, description="Wall seconds of the training on one rank.")
    seconds: dict[str, float]
    bytes_per_step: int = Field(ge=0, description="Gradients that each rank adds to the sum.")
    wire: Wire | None = Field(default=None, description="As measured at the start; None: alone.")

    @property
    def shares(self) -> dict[str, float]:
        """The seconds as shares of the total."""
        return {
            what: spent / self.total if self.total else 0.0 for what, spent in self.seconds.items()
        }

    @property
    def step_seconds(self) -> float:
        """Mean time of a step after the first, without what happens between steps."""
        return sum(self.seconds[what] for what in STEP) / self._timed

    @property
    def rows_per_second(self) -> float:
        """Rows that the whole ring trains on in a second, with everything that training does."""
        return self.steps * self.rows_per_step / self.total if self.total else 0.0

    @property
    def parallel(self) -> float:
        """Parallel efficiency: the share of a step's time in which a rank alone would be busy too.

        (input + compute) / (input + compute + reduction + waiting). An upper estimate: it does not
        see that ranks of one machine slow each other's compute.
        """
        whole = sum(self.seconds[what] for what in STEP)
        return (self.seconds["input"] + self.seconds["compute"]) / whole if whole else 1.0

    @property
    def reduction_seconds(self) -> float:
        """Mean time of a step's sum, without waiting for slower ranks."""
        return self.seconds["reduction"] / self._timed

    @property
    def wire_seconds(self) -> float | None:
        """The least time in which this wire carries a step's sum; None for one rank alone."""
        if self.wire is None:
            return None
        return ring_seconds(self.bytes_per_step, self.ranks, self.wire)

    @property
    def of_wire(self) -> float | None:
        """That least time beside the time seen: 1 where sums are as fast as the wire allows.

        Above 1 where a part of the sum was hidden behind computing.
        """
        least, seen = self.wire_seconds, self.reduction_seconds
        return least / seen if least and seen else None

    def cost_at(self, price: float) -> float:
        """Return what the training cost at `price` a rank and hour."""
        return self.ranks * self.total / HOUR * price

    def figures(self) -> dict[str, float]:
        """Return everything as named numbers, for curves and tables."""
        return {
            **{f"share.{what}": share for what, share in self.shares.items()},
            "parallel": self.parallel,
            "ranks": float(self.ranks),
            "seconds": self.total,
            "step_seconds": self.step_seconds,
            "reduction_seconds": self.reduction_seconds,
            "rows_per_second": self.rows_per_second,
            "bytes_per_step": float(self.bytes_per_step),
            **self._wire_figures(),
        }

    @property
    def _timed(self) -> int:
        return max(1, self.steps - 1)

    def _wire_figures(self) -> dict[str, float]:
        least, of_least = self.wire_seconds, self.of_wire
        if self.wire is None or least is None:
            return {}
        return {
            "wire.latency_seconds": self.wire.latency_seconds,
            "wire.bytes_per_second": self.wire.bytes_per_second,
            "wire.least_seconds": least,
            **({} if of_least is None else {"wire.of_least": of_least}),
        }


def efficiency_of(
    collective: Collective,
    seconds: Mapping[str, float],
    steps: int,
    rows_per_step: float,
    bytes_per_step: int,
    wire: Wire | None,
) -> Efficiency:
    """Put together what every rank's stopwatch says; all ranks call it, and get the same."""
    every: Sequence[Mapping[str, float]] = collective.gather(dict(seconds))
    return Efficiency(
        ranks=collective.size,
        steps=steps,
        rows_per_step=rows_per_step,
        total=_mean([each["total"] for each in every]),
        seconds=_by_what(every),
        bytes_per_step=bytes_per_step,
        wire=wire,
    )


def gradient_bytes(model: Any, compression: str = "none") -> int:
    """Return the bytes of a Keras model's gradients as they cross the wire."""
    each = 4 if compression == "none" else 2
    return sum(each * prod(variable.shape) for variable in model.trainable_variables)


def _by_what(every: Sequence[Mapping[str, float]]) -> dict[str, float]:
    means = {
        what: _mean([each.get(what, 0.0) for each in every])
        for what in ("total", "input", "compute", "reduction", *AROUND)
    }
    least = min(each.get("reduction", 0.0) for each in every)
    parts = {
        "input": means["input"],
        "compute": means["compute"],
        "reduction": least,
        "waiting": means["reduction"] - least,
        **{what: means[what] for what in AROUND},
    }
    return {**parts, "other": max(0.0, means["total"] - sum(parts.values()))}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
