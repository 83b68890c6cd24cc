"""The last look before registering: the artifact must say what evaluation saw the model say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from farandole.api.errors import DataError
from farandole.registry.loading import LoadedModel

if TYPE_CHECKING:
    import pandas as pd

ROWS = 32
TOLERANCE = 1e-5


class RegistrationError(DataError):
    """The artifact does not answer as the evaluated model did; nothing was registered."""


def check(
    folder: Path, rows: pd.DataFrame, expected: ArrayLike, tolerance: float = TOLERANCE
) -> None:
    """Send raw rows through the loaded artifact and compare with what evaluation recorded.

    rows: raw input, named by its index. expected: probabilities [n, classes] in label order, or
    values [n] in original units. Probabilities may differ by `tolerance`, values by that share of
    themselves. Raises RegistrationError with the rows that differ most.
    """
    model = LoadedModel(folder)
    recorded = np.asarray(expected, np.float64)
    answered = _numbers(model.predict(rows), model.bundle["classes"])
    if answered.shape != recorded.shape:
        raise RegistrationError(
            f"{folder}: expected predictions of shape {recorded.shape} as evaluation recorded, "
            f"received {answered.shape}"
        )
    difference = _difference(answered, recorded)
    wrong = ~(difference <= tolerance)  # so that a NaN is wrong
    if wrong.any():
        raise RegistrationError(_report(folder, rows.index, recorded, answered, difference, wrong))


def _numbers(predicted: pd.DataFrame, classes: Sequence[str]) -> NDArray[np.float64]:
    columns = [f"probability_{name}" for name in classes] if classes else "value"
    return predicted[columns].to_numpy(np.float64)


def _difference(
    answered: NDArray[np.float64], recorded: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Largest difference of each row; values of a regression relative to their size."""
    apart: NDArray[np.float64] = np.abs(answered - recorded)
    if recorded.ndim == 1:
        return apart / np.maximum(1.0, np.abs(recorded))
    widest: NDArray[np.float64] = apart.max(axis=1, initial=0.0)
    return widest


def _report(
    folder: Path,
    index: Any,
    recorded: NDArray[np.float64],
    answered: NDArray[np.float64],
    difference: NDArray[np.float64],
    wrong: NDArray[np.bool_],
) -> str:
    worst = np.argsort(-np.nan_to_num(difference, nan=np.inf))[: min(3, int(wrong.sum()))]
    rows = [f"  row {index[i]}: expected {recorded[i]}, received {answered[i]}" for i in worst]
    return "\n".join(
        [
            f"{folder}: {int(wrong.sum())} of {len(recorded)} rows are answered in another way "
            "than when evaluated, nothing was registered:",
            *rows,
            "Decoding, encoding or export changed in between; run again from an empty state.",
        ]
    )
