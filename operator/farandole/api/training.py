"""How a network is trained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from farandole.api.errors import Problem
from farandole.api.optimizers import Adam, Constant, Loss, Optimizer, Schedule
from farandole.api.part import Part, Seed

MOST_LANES_BY_DEFAULT = 64


class EarlyStopping(Part):
    """Stop when the validation loss no longer falls, and restore the best weights."""

    patience: int = Field(
        5, ge=0, le=10_000, description="Epochs without gain before training stops; 0: never."
    )
    minimum_gain: float = Field(
        0.0, ge=0, le=1e9, description="Fall of the validation loss that counts as gain."
    )


class Training(Part):
    """How a network is trained; the same on any number of workers."""

    global_batch: int = Field(
        64, ge=1, le=1_048_576, description="Rows of one step, over all workers together."
    )
    lanes: int | None = Field(
        None,
        ge=1,
        le=4096,
        description="Virtual workers that rows are dealt to; divides globalBatch. "
        "Left out: the largest divisor of globalBatch up to 64.",
    )
    epochs: int = Field(30, ge=1, le=100_000, description="Most visits to each train row.")
    loss: Loss | None = Field(
        None,
        description="What training makes small. Left out: crossEntropy for classification, "
        "meanSquaredError for regression.",
    )
    optimizer: Optimizer = Field(
        Optimizer(adam=Adam()), description="The rule by which weights follow the gradient."
    )
    schedule: Schedule = Field(
        Schedule(constant=Constant()), description="How the learning rate changes."
    )
    early_stopping: EarlyStopping = Field(
        EarlyStopping(), description="When training stops before the last epoch."
    )
    precision: Literal["float32", "mixedBfloat16", "mixedFloat16"] = Field(
        "float32", description="Numbers that layers compute in; weights stay float32."
    )
    clip_norm: float | None = Field(
        None,
        gt=0,
        le=1e9,
        description="Longest gradient; a longer one is scaled down. Left out: any.",
    )
    compression: Literal["none", "float16", "bfloat16"] = Field(
        "none",
        description="Numbers in which gradients cross the wire. Half of them rounds: weights then "
        "depend on the number of workers, and after 50 steps were up to 1 % from the unrounded.",
    )
    micro_batches: int = Field(
        1,
        ge=1,
        le=4096,
        description="Parts in which a worker takes its rows of a step, one after another, to save "
        "memory; the step is the same. Not with batchNormalization, which needs all rows at once.",
    )
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="balanced: every class weighs the same in the loss."
    )
    reproducible: bool = Field(
        False, description="Bitwise the same weights at any number of ranks that is kept; slower."
    )
    seed: Seed = Field(7, description="Seed of first weights, order, dropout, augmentation.")

    def lane_count(self) -> int:
        """Give the number of lanes: the declared one, or the largest divisor up to 64."""
        if self.lanes is not None:
            return self.lanes
        most = min(self.global_batch, MOST_LANES_BY_DEFAULT)
        return max(_divisors(self.global_batch, most))

    def patience(self) -> int | None:
        """Give the epochs without gain before training stops; None when it never does."""
        return self.early_stopping.patience or None

    def problems(self) -> Iterator[Problem]:
        """Refuse lanes that do not divide the global batch."""
        if self.lanes is not None and self.global_batch % self.lanes:
            divisors = _divisors(self.global_batch, self.global_batch)
            below = [n for n in divisors if n < self.lanes][-1:]
            above = [n for n in divisors if n > self.lanes][:1]
            expected = f"a divisor of globalBatch {self.global_batch}"
            advice = f"take {' or '.join(str(n) for n in below + above)}"
            yield Problem("lanes", str(self.lanes), expected, advice)


def _divisors(number: int, most: int) -> list[int]:
    return [n for n in range(1, most + 1) if number % n == 0]
