"""Where and how fast: never hashed, so moving to other nodes trains nothing again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from farandole.api.errors import Problem
from farandole.api.forms import Currency, DnsLabel
from farandole.api.part import NotYet, Part

Workers = Annotated[int, Field(ge=1, le=4096)]


class Elastic(Part):
    """Bounds of the number of workers at the next start."""

    min: Workers = Field(description="Fewest workers.")
    max: Workers = Field(description="Most workers.")

    def problems(self) -> Iterator[Problem]:
        """Refuse empty bounds."""
        if self.min > self.max:
            yield Problem("", f"min {self.min}, max {self.max}", "min <= max")


class Checkpoint(Part):
    """How often training is saved."""

    every_seconds: int = Field(
        60, ge=1, le=86_400, description="Seconds between two checkpoints, at the next step."
    )
    keep: int = Field(3, ge=1, le=100, description="Newest checkpoints kept beside the best.")
    observe: bool = Field(
        True,
        description="Score checkpoints in a process beside long trainings; it decides nothing.",
    )


class Price(Part):
    """What one worker costs while it trains; reports then estimate the cost of a training."""

    amount: float = Field(
        ge=0, le=1_000_000, description="Price of one worker, its GPUs included, for one hour."
    )
    currency: Currency = Field("USD", description="ISO 4217 code of the currency.")


class Placement(Part):
    """Where and how fast a recipe is trained."""

    workers: Workers = Field(
        1, description="Ranks of the ring; never changes the result. At most the lanes."
    )
    gpus_per_worker: int = Field(0, ge=0, le=16, description="GPUs of one worker; 0: processor.")
    node_pool: DnsLabel | None = Field(None, description="Pool of nodes, as the platform names it.")
    queue: DnsLabel | None = Field(None, description="Queue that admits the workers.")
    elastic: Elastic | None = Field(None, description="Bounds of the workers; left out: fixed.")
    checkpoint: Checkpoint = Field(Checkpoint(), description="How often training is saved.")
    price_per_worker_hour: Price | None = Field(
        None, description="What a worker costs an hour; left out: no cost is estimated."
    )
    tuning_parallelism: int = Field(1, ge=1, le=256, description="Trials that run at once.")
    template: Annotated[None, NotYet("nodePool and gpusPerWorker")] = Field(
        None, description="Reserved: resources, environment and volumes of the pods."
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse workers outside their elastic bounds."""
        if self.elastic and not self.elastic.min <= self.workers <= self.elastic.max:
            expected = f"{self.elastic.min} to {self.elastic.max}, as elastic says"
            yield Problem("workers", str(self.workers), expected)
