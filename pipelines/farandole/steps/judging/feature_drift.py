"""How the features of train pictures moved since the champion was trained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from farandole.api import Features, Model
from farandole.data.drift import DriftReport, compare
from farandole.data.summaries import statistics


def feature_drift(
    champion: Mapping[str, Any], document: Mapping[str, Any], features: Features, x: NDArray[Any]
) -> DriftReport | None:
    """Compare features `x` [rows, width] with the champion's statistics.

    None where the champion's `document` declares another pretrained network: its features mean
    something else.
    """
    before = Model.model_validate_json(json.dumps(dict(document))).spec.recipe.features
    if features.network is None or _network(before) != _network(features):
        return None
    report = compare({"features": champion.get("features")}, statistics(features=x))
    return None if report.features is None else report


def with_features(report: DriftReport | None, features: DriftReport | None) -> DriftReport | None:
    """Join what prepare has found of the rows with what was found of their features."""
    if report is None or features is None:
        return report or features
    notices = (*report.notices, *features.notices)
    return report.model_copy(update={"features": features.features, "notices": notices})


def _network(features: Features) -> tuple[Any, ...]:
    return features.network, features.layer, features.weights
