"""Test rows are touched once: what was fitted may not have seen what it is tested on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from farandole.api.errors import DataError

_LISTED = 5


def refuse_overlap(seen: Iterable[str], test: Iterable[str]) -> None:
    """Raise DataError if any digest of `test` is among the digests that a fitted thing has seen."""
    test = list(test)
    both = sorted(set(test).intersection(seen))
    if not both:
        return
    listed = ", ".join(both[:_LISTED]) + (", ..." if len(both) > _LISTED else "")
    raise DataError(
        f"test rows: expected none that fitting has seen, received {len(both)} of {len(test)}: "
        f"{listed}; the figures would flatter the model, so prepare the data again and let "
        "fitting read train and validation only"
    )


def unseen(digests: Sequence[str], seen: Iterable[str]) -> NDArray[np.bool_]:
    """Which rows [n] of `digests` are not among the digests that a fitted thing has seen."""
    known = set(seen)
    return np.array([digest not in known for digest in digests], dtype=np.bool_)
