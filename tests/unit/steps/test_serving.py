"""A document that goes back to what was promoted before gets its alias back, and trains nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from farandole.api import Model, Outcome, read_model
from farandole.data.folder_store import FolderStore
from farandole.registry.memory import InMemoryTracker
from farandole.registry.tracking import Tracker
from farandole.steps.registering.serving import note_served, owner, serve_again
from tests.support.outcomes import outcome
from tests.support.registry_trackers import model_folder

MODEL = """
apiVersion: farandole.dev/v1alpha1
kind: Model
metadata: {name: stamps}
spec:
  recipe:
    task: {kind: ImageClassification}
    data: {images: pictures}
    features: {network: EfficientNetLite0}
"""


@pytest.fixture(name="model")
def _model() -> Model:
    return read_model(MODEL, "model.yaml")


@pytest.fixture(name="tracker")
def _tracker(model: Model, tmp_path: Path) -> InMemoryTracker:
    tracker = InMemoryTracker()
    for identity in ("first", "second"):
        folder = model_folder(tmp_path, identity)
        version = tracker.register("stamps", identity, folder, {}, owner(model))
        tracker.promote(version, "champion", owner(model))
    return tracker


def ended(identity: str, verdict: str) -> Outcome:
    return outcome(identity=identity, verdict=verdict, name="stamps", registered_model="stamps")


def test_a_revert_points_the_alias_back(
    model: Model, tracker: InMemoryTracker, tmp_path: Path
) -> None:
    store = FolderStore(tmp_path / "store")
    note_served(store, model, "second")
    serve_again(store, model, ended("first", "Promoted"), lambda: tracker)
    serving = tracker.at("stamps", "champion")
    assert serving is not None
    assert serving.identity == "first"


def test_what_is_served_already_is_answered_without_a_tracker(model: Model, tmp_path: Path) -> None:
    def opened() -> Tracker:
        raise AssertionError("MLflow would have been loaded")

    store = FolderStore(tmp_path / "store")
    note_served(store, model, "second")
    serve_again(store, model, ended("second", "Promoted"), opened)


@pytest.mark.parametrize("verdict", ["BaselineWon", "ManualPromotion", "NotComparable"])
def test_what_was_not_promoted_by_the_gate_is_not_promoted_by_a_revert(
    verdict: str, model: Model, tracker: InMemoryTracker, tmp_path: Path
) -> None:
    serve_again(FolderStore(tmp_path), model, ended("first", verdict), lambda: tracker)
    serving = tracker.at("stamps", "champion")
    assert serving is not None
    assert serving.identity == "second"
