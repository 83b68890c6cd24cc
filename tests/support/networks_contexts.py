"""Lane contexts at a given step, whole or shared between ranks, for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from farandole.networks.lane_context import LaneContext


def context_of(
    lanes: Sequence[int], per_lane: int = 1, step: int = 0, seed: int = 7
) -> LaneContext:
    """Make the context of a rank that holds `lanes`, with `per_lane` rows of each."""
    context = LaneContext.create(len(lanes) * per_lane, seed)
    context.lane.assign(np.repeat(lanes, per_lane))
    context.place.assign(np.tile(np.arange(per_lane), len(lanes)))
    context.step.assign(step)
    return context
