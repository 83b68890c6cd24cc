"""Moving statistics: what a model learns without a gradient, kept the same on all ranks."""

from __future__ import annotations

from typing import Any


def moving_statistics(model: Any) -> list[Any]:
    """Return the float variables that layers update by themselves, as batch normalization does.

    Those of frozen layers are left out: they do not move, and there may be millions of them.
    Averaging the rest in every step makes them a function of the step, so that they do not depend
    on when a checkpoint was taken.
    """
    return [
        variable
        for layer in model._flatten_layers()
        if layer.trainable and not _parts(layer)
        for variable in layer.non_trainable_variables
        if variable.dtype in ("float32", "float64")
    ]


def _parts(layer: Any) -> list[Any]:
    return list(layer._flatten_layers(include_self=False, recursive=False))
