"""Lanes: which rows make up each step of training, whatever the number of ranks.

The train rows, in their seeded order, are dealt round robin to a fixed number of lanes (virtual
ranks). Ranks own lanes, so the rows of a step depend on the recipe alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from farandole.api.errors import RingError

Positions = NDArray[np.int64]
MISSING = -1


@dataclass(frozen=True)
class Batch:
    """What some lanes contribute to one step; a position is `MISSING` once its lane has ended.

    All three arrays are [lanes * width]; `places` counts within a lane's share of the step.
    """

    positions: Positions
    lanes: NDArray[np.int32]
    places: NDArray[np.int32]


@dataclass(frozen=True)
class Order:
    """The order of one epoch for some lanes: `positions` is [lanes, steps, width]."""

    positions: Positions
    lanes: tuple[int, ...]

    def batch(self, step: int) -> Batch:
        """Return what these lanes contribute to `step` of the epoch."""
        count, _, width = self.positions.shape
        return Batch(
            positions=self.positions[:, step].reshape(-1),
            lanes=np.repeat(np.asarray(self.lanes, np.int32), width),
            places=np.tile(np.arange(width, dtype=np.int32), count),
        )


@dataclass(frozen=True)
class Lanes:
    """`rows` train rows dealt to `lanes` lanes, of which a step takes `global_batch` rows.

    Raises `RingError` where the lanes do not divide the batch.
    """

    rows: int
    global_batch: int
    lanes: int

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise RingError(f"training: expected at least 1 train row, received {self.rows}")
        if self.lanes < 1 or self.global_batch % self.lanes:
            near = _around(self.lanes, _divisors(self.global_batch))
            raise RingError(
                f"training.lanes: expected a divisor of globalBatch {self.global_batch}, "
                f"received {self.lanes}; use {_either(near)}"
            )

    @property
    def width(self) -> int:
        """Rows of one lane in one step."""
        return self.global_batch // self.lanes

    @property
    def steps(self) -> int:
        """Steps of one epoch: the same for every rank, set by the longest lane."""
        return ceil(ceil(self.rows / self.lanes) / self.width)

    def rows_of(self, lane: int) -> Positions:
        """Return the positions that belong to `lane`, as dealt; lanes differ by one at most."""
        return np.arange(lane, self.rows, self.lanes, dtype=np.int64)

    def order(self, seed: int, epoch: int, lane: int) -> Positions:
        """Return the order of `lane` in `epoch`: a pure function of (seed, epoch, lane).

        Raw Philox words are sorted because NumPy keeps those streams fixed between releases
        (NEP 19), which it does not promise of `permutation`.
        """
        rows = self.rows_of(lane)
        entropy = np.random.SeedSequence(entropy=seed, spawn_key=(epoch, lane))
        keys = np.random.Philox(entropy).random_raw(len(rows))
        return rows[np.argsort(keys, kind="stable")]

    def epoch(self, seed: int, epoch: int, lanes: tuple[int, ...]) -> Order:
        """Return the whole order of `epoch` for `lanes`."""
        positions = np.full((len(lanes), self.steps * self.width), MISSING, np.int64)
        for line, lane in enumerate(lanes):
            order = self.order(seed, epoch, lane)
            positions[line, : len(order)] = order
        return Order(positions.reshape(len(lanes), self.steps, self.width), lanes)

    def batch(self, seed: int, epoch: int, step: int, lanes: tuple[int, ...]) -> Batch:
        """Return what `lanes` contribute to `step` of `epoch`."""
        return self.epoch(seed, epoch, lanes).batch(step)


def lanes_of(rank: int, ranks: int, lanes: int) -> tuple[int, ...]:
    """Return the lanes that `rank` owns: a contiguous block, sizes differing by one at most."""
    base, extra = divmod(lanes, ranks)
    first = rank * base + min(rank, extra)
    return tuple(range(first, first + base + (rank < extra)))


def imbalance(ranks: int, lanes: int) -> float:
    """Return how much longer the busiest rank works than an even share, as a fraction."""
    return ceil(lanes / ranks) * ranks / lanes - 1


def check_ranks(ranks: int, lanes: int, tolerance: float = 0.10) -> str | None:
    """Refuse a number of ranks that cannot own the lanes; return a notice where shares are uneven.

    Raises `RingError` with the nearest legal value.
    """
    if not 1 <= ranks <= lanes:
        raise RingError(
            f"ranks: expected 1 to {lanes} (each rank owns at least one of the recipe's {lanes} "
            f"lanes), received {ranks}; use {1 if ranks < 1 else lanes}"
        )
    if imbalance(ranks, lanes) <= tolerance:
        return None
    even = [n for n in range(1, lanes + 1) if imbalance(n, lanes) <= tolerance]
    return (
        f"{lanes} lanes on {ranks} ranks leave the busiest rank {imbalance(ranks, lanes):.0%} more "
        f"work than an even share; {_either(_around(ranks, even))} ranks would be even"
    )


def copies_of(seed: int, epoch: int, positions: Positions, copies: int) -> Positions:
    """Return which augmented copy of each row `epoch` uses: a pure function of its arguments.

    The mixing is SplitMix64's finaliser (Steele, Lea and Flood 2014).
    """
    if copies == 1:
        return np.zeros(len(positions), np.int64)
    start = np.random.SeedSequence(entropy=seed, spawn_key=(epoch,)).generate_state(1, np.uint64)
    mixed = positions.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + start
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return (mixed % np.uint64(copies)).astype(np.int64)


def _divisors(number: int) -> list[int]:
    return [n for n in range(1, number + 1) if number % n == 0]


def _around(value: int, legal: list[int]) -> list[int]:
    below, above = [n for n in legal if n < value], [n for n in legal if n > value]
    return below[-1:] + above[:1]


def _either(values: list[int]) -> str:
    return " or ".join(str(value) for value in values)
