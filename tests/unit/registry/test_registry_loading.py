"""What a person types to mean a model, and what a candidate meets as champion."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from farandole.api.errors import DataError
from farandole.registry.champion import champion
from farandole.registry.loading import find
from farandole.registry.memory import InMemoryTracker
from farandole.registry.tracking import Tracker
from tests.support.registry_trackers import OWNER, model_folder
from tests.support.registry_versions import register


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    tracker = InMemoryTracker()
    versions = [
        register(tracker, tmp_path, identity, train="a", validation="v", test="b")
        for identity in ("first", "second")
    ]
    tracker.promote(versions[1], "champion", OWNER)
    tracker.promote(versions[0], "challenger", OWNER)
    return tracker


@pytest.mark.parametrize(
    "reference, number",
    [
        ("stamps", 2),
        ("stamps@champion", 2),
        ("stamps@challenger", 1),
        ("stamps/1", 1),
        ("models:/stamps/2", 2),
        ("models:/stamps@challenger", 1),
    ],
)
def test_a_version_is_meant_by_name_alias_or_number(
    tracker: Tracker, reference: str, number: int
) -> None:
    version = tracker.version("stamps", number)
    assert version is not None
    assert find(reference, tracker).folder == tracker.fetch(version)


def test_a_folder_with_a_model_is_meant_without_a_tracker(tmp_path: Path) -> None:
    folder = model_folder(tmp_path)
    assert find(str(folder), None).folder == folder


@pytest.mark.parametrize("reference", ["stamps@champoin", "stamp", "stamps/3"])
def test_what_is_not_registered_is_refused_with_what_is(tracker: Tracker, reference: str) -> None:
    with pytest.raises(DataError, match="stamps/1, stamps/2, stamps@challenger, stamps@champion"):
        find(reference, tracker)


def test_a_slip_of_the_finger_is_answered_with_the_nearest_name(tracker: Tracker) -> None:
    with pytest.raises(DataError, match=r"did you mean stamps@champion\?"):
        find("stamps@champoin", tracker)


def test_an_empty_registry_says_that_it_is_empty_and_where_another_would_be() -> None:
    with pytest.raises(DataError, match=r"stamps: .* a registry without any; --state names"):
        find("stamps", InMemoryTracker())


@pytest.mark.parametrize("reference", ["a/b/c", "", "name@"])
def test_what_is_neither_folder_nor_reference_is_refused(
    tracker: Tracker, reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="name@alias"):
        find(reference, tracker)


def test_the_champion_brings_what_a_candidate_is_compared_on(tracker: Tracker) -> None:
    found = champion(tracker, "stamps")
    assert found is not None
    assert (found.version.number, found.identity) == (2, "second")
    assert (found.task, found.metric) == ("ImageClassification", "f1Macro")
    assert found.statistics == {"rows": 2}
    assert found.seen == {"a" * 64, "v" * 64}


def test_before_the_first_promotion_there_is_no_champion(tracker: Tracker) -> None:
    assert champion(tracker, "stamps", "shadow") is None
    assert champion(tracker, "others") is None


def test_importing_the_registry_imports_neither_mlflow_nor_tensorflow() -> None:
    heavy = ("mlflow", "tensorflow", "keras", "pandas", "pyarrow", "sklearn")
    program = f"import farandole.registry, sys; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
