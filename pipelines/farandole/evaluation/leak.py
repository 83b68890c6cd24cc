"""The leak detector: pictures whose size gives the class away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from farandole.evaluation.intervals import interval
from farandole.evaluation.metric import metric_named, score
from farandole.evaluation.predictions import HeldOut, Numbers, Predictions
from farandole.evaluation.wording import bracketed, figure, gained

NAME = "size"
READS = "width, height and file size"


def sizes(width: NDArray[np.int64], height: NDArray[np.int64], size: NDArray[np.int64]) -> Numbers:
    """What the detector reads [n, 4]: logarithms of width, height, width / height and bytes.

    Fit the `linear` baseline on it, and compare it as a rival named `size` that does not gate.
    """
    wide, high, heavy = (np.log(np.maximum(each, 1)) for each in (width, height, size))
    return np.stack([wide, high, wide - high, heavy], axis=1)


def leak_warning(
    metric: str,
    held: HeldOut,
    detector: Predictions,
    dummy: Predictions,
    confidence: float = 0.95,
    seed: int = 0,
) -> str | None:
    """A sentence when the detector clearly beats the dummy (paired interval), else None."""
    gain = interval(metric, held, detector, dummy, confidence, seed)
    if not gain.above_zero:
        return None
    title = metric_named(metric).title
    return (
        f"{READS.capitalize()} alone tell the classes apart: {title} "
        f"{figure(metric, score(metric, held, detector))}, {gained(metric)} to the dummy "
        f"{figure(metric, gain.difference)}, {bracketed(metric, gain)}. The classes may have been "
        "collected in different ways; a model that learns that will fail on new pictures."
    )
