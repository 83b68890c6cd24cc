"""Which trainings are one and the same: canonical JSON, digests, identity."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from math import isfinite
from typing import Any

from farandole.api.part import JSON
from farandole.api.recipe import Recipe, default_loss, default_metric

RESULTS = 2
"""Raised only when a default or an algorithm changes what is computed."""

_LOCATIONS = ("images", "labels", "table")


def canonical(value: JSON) -> bytes:
    """Write JSON in its one form: keys sorted, numbers normalised (1 == 1.0 == 1e0), UTF-8.

    Raises ValueError for a number that is not finite, a key that is not text, or a text that is
    not Unicode.
    """
    return json.dumps(
        _normal(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode("utf-8")


def digest_of(value: JSON) -> str:
    """Give the sha256 of the canonical JSON, in hexadecimal."""
    return sha256(canonical(value)).hexdigest()


def recipe_core(recipe: Recipe) -> dict[str, Any]:
    """Give what of a recipe determines the result: no defaults, no location of the data.

    A field that equals its default is left out, the defaults that depend on the task or on
    globalBatch included. The content of the data stands in the data digest, the content of a
    weights file in its sha256; a weights file without one is known by its location alone.
    """
    core = _without_implied(recipe).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    core["data"] = {k: v for k, v in core["data"].items() if k not in _LOCATIONS}
    file = recipe.features.weights.file
    if file is not None and file.sha256 is not None:
        core["features"]["weights"]["file"].pop("uri")
    return core


def identity(recipe: Recipe, data_digest: str, builder_digest: str | None = None) -> str:
    """Give the sha256 that names a training: equal identities give equal models.

    `builder_digest` is the sha256 of the source of the user's builder, where there is one.
    """
    parts: dict[str, Any] = {"recipe": recipe_core(recipe), "data": data_digest, "results": RESULTS}
    return digest_of(parts if builder_digest is None else parts | {"builder": builder_digest})


def _without_implied(recipe: Recipe) -> Recipe:
    """Unset what is spelled out but equals what the task or the global batch implies."""
    training, evaluation = recipe.training, recipe.evaluation
    unset = training.model_copy(update={"lanes": None})
    if training.lanes == unset.lane_count():
        training = unset
    if training.loss == default_loss(recipe.task):
        training = training.model_copy(update={"loss": None})
    if evaluation.metric == default_metric(recipe.task):
        evaluation = evaluation.model_copy(update={"metric": None})
    evaluation = evaluation.model_copy(update={"baselines": tuple(sorted(evaluation.baselines))})
    return recipe.model_copy(update={"training": training, "evaluation": evaluation})


def _normal(value: JSON) -> JSON:
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return {_key(key): _normal(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_normal(item) for item in value]
    return value


def _number(value: float) -> int | float:
    if not isfinite(value):
        raise ValueError(f"expected a finite number, received {value}")
    return int(value) if value.is_integer() else value


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise ValueError(f"expected a text as key, received {key!r}")  # noqa: TRY004
    return key
