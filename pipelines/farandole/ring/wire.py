"""How fast the ring's wire is: latency and bandwidth of real sums, before training begins."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import tensorflow as tf

from farandole.ring.collective import Collective
from farandole.ring.scaling import Wire

LARGE = 1 << 19  # float32: 2 MiB, the size of a small network's gradients
FEW, MANY = 5, 12  # sums of the large and of the small size


def measure(collective: Collective, clock: Callable[[], float] = perf_counter) -> Wire | None:
    """Return latency and bandwidth as the fastest of a few sums show them; None for one rank alone.

    All ranks call it together, and get the same. It takes 17 sums after one of each size
    to warm up: below 0.3 s on a wire of 1 Gb/s or more between two ranks.
    """
    if collective.size == 1:
        return None
    small = _fastest(collective, 1, MANY, clock)
    large = _fastest(collective, LARGE, FEW, clock)
    seen = collective.gather((small, large))
    return wire_of(collective.size, max(s for s, _ in seen), max(s for _, s in seen))


def wire_of(ranks: int, small: float, large: float) -> Wire:
    """Solve the ring's formula for a sum of one number that took `small` seconds, and a `large`."""
    hops = 2 * (ranks - 1)
    sent = hops / ranks * 4 * LARGE
    moving = large - small if large > small else large
    return Wire(latency_seconds=small / hops, bytes_per_second=sent / max(moving, 1e-9))


def _fastest(collective: Collective, numbers: int, times: int, clock: Callable[[], float]) -> float:
    given = tf.ones([numbers])
    total = tf.function(collective.sum, autograph=False).get_concrete_function(given)
    total(given).numpy()  # the first sum of a size opens buffers
    return min(_seconds(lambda: total(given).numpy(), clock) for _ in range(times))


def _seconds(act: Callable[[], object], clock: Callable[[], float]) -> float:
    begin = clock()
    act()
    return clock() - begin
