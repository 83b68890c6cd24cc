"""Class weights: how much a row counts, by its class."""

from __future__ import annotations

from collections.abc import Mapping


def class_weights(counts: Mapping[int, int]) -> dict[int, float]:
    """Give each class the weight n / (k n_c) that makes its rows weigh as much as any other's.

    n rows in k classes that have rows; a class without rows has weight 0.
    """
    rows = sum(counts.values())
    present = sum(count > 0 for count in counts.values())
    return {c: rows / (present * count) if count else 0.0 for c, count in counts.items()}
