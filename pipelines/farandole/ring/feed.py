"""One rank's share of each step, gathered from rows that may lie in a memory map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from farandole.ring.ahead import ahead
from farandole.ring.lanes import MISSING, Lanes, Order, Positions, copies_of
from farandole.ring.learner import Rows

AHEAD = 2  # shares that lie ready while a step computes: enough to even out slow ones
SMALL = 2**16  # bytes of a share below which a thread has nothing to hide (decision 11)


@dataclass(frozen=True)
class Share:
    """One rank's rows of one step; missing places are zeros of weight 0 at position `MISSING`."""

    x: NDArray[Any]
    y: NDArray[Any]
    weight: NDArray[np.float32]
    positions: Positions


@dataclass(frozen=True)
class Feed:
    """Shares of every step for the lanes in `mine`; a pure function of (seed, epoch, step)."""

    rows: Rows
    lanes: Lanes
    mine: tuple[int, ...]
    seed: int
    _order: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        once = lru_cache(maxsize=1)(lambda epoch: self.lanes.epoch(self.seed, epoch, self.mine))
        object.__setattr__(self, "_order", once)

    def shares(
        self,
        first_step: int,
        end: int | None = None,
        ready: Callable[[Share], Share] = lambda share: share,
    ) -> AbstractContextManager[Iterator[Share]]:
        """Give the shares of `first_step` and all after it, counted over epochs, up to `end`.

        Inside the context the next shares are prepared by a thread while one is used, unless they
        are small rows in memory; what could not be read is raised where the share would be taken.
        `ready` is part of preparing one: it may make tensors of its rows.
        """
        numbers = count(first_step) if end is None else range(first_step, end)
        made = (ready(self.share(*divmod(number, self.lanes.steps))) for number in numbers)
        return ahead(made, AHEAD) if self._is_worth_a_thread() else nullcontext(made)

    def share(self, epoch: int, step: int) -> Share:
        """Return this rank's rows of `step` of `epoch`."""
        order: Order = self._order(epoch)
        positions = order.batch(step).positions
        present = positions != MISSING
        if present.all():
            return self._gathered(epoch, positions)
        return _spread(self._gathered(epoch, positions[present]), present)

    def _gathered(self, epoch: int, positions: Positions) -> Share:
        rows = self.rows
        copies = copies_of(self.seed, epoch, positions, len(rows.x))
        x = rows.x[copies, positions]
        return Share(x, rows.y[positions], rows.weight[positions], positions)

    def _is_worth_a_thread(self) -> bool:
        x = self.rows.x
        rows = len(self.mine) * self.lanes.width
        held = isinstance(x, np.ndarray)
        return not held or rows * prod(x.shape[2:]) * x.dtype.itemsize >= SMALL


def _spread(share: Share, present: NDArray[np.bool_]) -> Share:
    """Put rows where they are present, and zeros where a lane has ended."""

    def spread(values: NDArray[Any], missing: int = 0) -> NDArray[Any]:
        wide = np.full((len(present), *values.shape[1:]), missing, values.dtype)
        wide[present] = values
        return wide

    return Share(
        spread(share.x), spread(share.y), spread(share.weight), spread(share.positions, MISSING)
    )
