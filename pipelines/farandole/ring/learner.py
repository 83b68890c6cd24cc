"""What `fit` takes and gives: the learner, its rows, how to train, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from farandole.ring.collective import Tensor

PerRow = Callable[[Tensor, Tensor], Tensor]  # (y [n], outputs [n, ...]) -> float32 [n]


class Context(Protocol):
    """Where layers read which rows they see; `tf.Variable`s that the ring assigns in each step.

    `step` int64 []; `lane`, `place` int32 and `weight` float32, each [rows of this rank's batch].
    """

    @property
    def step(self) -> Any:
        """The global step."""
        ...

    @property
    def lane(self) -> Any:
        """The lane of each row."""
        ...

    @property
    def place(self) -> Any:
        """The place of each row within its lane's share of the step."""
        ...

    @property
    def weight(self) -> Any:
        """The weight of each row; 0 where a lane has ended."""
        ...


@dataclass(frozen=True)
class Rows:
    """Rows to learn from or to validate on, in their seeded order.

    `x` [copies, n, ...] may be a memory map and may be uint8 (pixels); `y` [n]; `weight` float32
    [n]; `ids` name rows in messages.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    weight: NDArray[np.float32]
    ids: Sequence[str]

    def __len__(self) -> int:
        """Return how many rows there are; copies of a row are one row."""
        return len(self.y)


@dataclass(frozen=True)
class Learner:
    """A Keras model and all that its training needs; `loss` and `metrics` give one value a row."""

    model: Any
    loss: PerRow
    optimizer: Any
    schedule: Callable[[int], float]
    penalty: Callable[[], Tensor] | None = None
    context: Context | None = None
    metrics: Mapping[str, PerRow] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """How to train: the recipe's part of it, and where placement touches it.

    `patience` None: never stop early. `digest_every` 0: never compare weights between checkpoints.
    `fence` is this writer's number among all that ever wrote this job's checkpoints. A rank takes
    its rows of a step in `micro_batches` parts. Gradients cross the wire in `compression`: none,
    float16 or bfloat16.
    """

    global_batch: int
    lanes: int
    epochs: int
    seed: int = 7
    clip_norm: float | None = None
    precision: str = "float32"
    compression: str = "none"
    micro_batches: int = 1
    reproducible: bool = False
    patience: int | None = None
    minimum_gain: float = 0.0
    checkpoint_seconds: float = 60.0
    keep: int = 3
    digest_every: int = 100
    fence: int = 0
    identity: str = ""


class Epoch(BaseModel):
    """What one epoch came to: exact weighted means over all rows of all ranks.

    `steps` counts from the start of training; `validation` is empty where there are no such rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: int
    steps: int
    learning_rate: float
    train: dict[str, float]
    validation: dict[str, float]


@dataclass(frozen=True)
class Fitted:
    """How a training ended; the learner's model holds the best weights unless `interrupted`.

    `seconds` says where this process spent its time, `resumed` how many of the `steps` others had
    taken before it; `skipped` counts steps whose half-precision gradients overflowed.
    """

    best_step: int
    best_epoch: int
    steps: int
    history: tuple[Epoch, ...]
    seconds: dict[str, float]
    stopped_early: bool
    interrupted: bool
    skipped: int
    notices: tuple[str, ...]
    resumed: int = 0
