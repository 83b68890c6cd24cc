"""Features of new pictures are compared with the champion's, where they mean the same."""

from __future__ import annotations

import numpy as np

from farandole.api import read_model
from farandole.data.drift import compare
from farandole.data.summaries import statistics
from farandole.steps.judging.feature_drift import feature_drift, with_features
from farandole.steps.registering.report_data import drift_of

MODEL = """
apiVersion: farandole.dev/v1alpha1
kind: Model
metadata: {name: pictures}
spec:
  recipe:
    task: {kind: ImageClassification}
    data: {images: pictures}
    features: {network: VGG16}
"""
CHANCE = np.random.default_rng(0)
BEFORE = CHANCE.normal(size=(500, 8))
THEN = read_model(MODEL, "model.yaml")
CHAMPION = statistics(features=BEFORE, labels=["a", "b"] * 250)


def test_features_that_moved_are_told_beside_what_prepare_has_found() -> None:
    moved = feature_drift(
        CHAMPION, THEN.model_dump(by_alias=True), THEN.spec.recipe.features, BEFORE + 0.5
    )
    rows = compare(CHAMPION, statistics(labels=["a", "a", "a", "b"] * 125))
    told = drift_of(with_features(rows, moved))
    assert told is not None
    assert "the mix of classes is" in told.sentence
    assert "means moved by 0.5" in told.sentence
    assert ("feature mean", "much") in [(shift.kind, shift.level) for shift in told.shifts]


def test_features_of_the_same_rows_are_stable() -> None:
    same = feature_drift(
        CHAMPION, THEN.model_dump(by_alias=True), THEN.spec.recipe.features, BEFORE
    )
    assert same is not None
    assert same.notices == ()


def test_features_of_another_network_of_the_same_width_are_not_compared() -> None:
    other = read_model(MODEL.replace("VGG16", "VGG19"), "model.yaml").spec.recipe.features
    assert feature_drift(CHAMPION, THEN.model_dump(by_alias=True), other, BEFORE + 9) is None
