"""Every tracker keeps what it is told once, however often it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from farandole.api.errors import DataError
from farandole.registry.memory import InMemoryTracker
from farandole.registry.tracking import (
    IDENTITY,
    Point,
    RegisteredModelOwnedError,
    Tracker,
    TrackingError,
    open_tracker,
)
from tests.support.data_disks import small_disk
from tests.support.registry_trackers import OWNER, model_folder


@pytest.fixture(scope="module")
def mlflow_tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    return open_tracker(str(tmp_path_factory.mktemp("mlflow")))


@pytest.fixture(params=["memory", "mlflow"])
def tracker(request: pytest.FixtureRequest) -> Tracker:
    if request.param == "memory":
        return InMemoryTracker()
    shared: Tracker = request.getfixturevalue("mlflow_tracker")
    return shared


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A registered model of the test's own: MLflow's database is shared, opening one takes 3 s."""
    return str(request.node.originalname).replace("_", "-")[:80]


def test_an_identity_has_one_run(tracker: Tracker, name: str) -> None:
    first = tracker.run(f"{name}-1", name, {"farandole.data_digest": "d1"})
    again = tracker.run(f"{name}-1", name, {"farandole.data_digest": "d2"})
    other = tracker.run(f"{name}-2", name, {})
    assert again.id == first.id
    assert other.id != first.id
    record = first.read()
    assert record.name == name
    assert record.tags[IDENTITY] == f"{name}-1"
    assert record.tags["farandole.data_digest"] == "d2"


def test_a_metric_keeps_its_steps_and_the_first_value_of_each(tracker: Tracker, name: str) -> None:
    run = tracker.run(name, name, {})
    run.log_metrics([Point("loss", 2.0, 20), Point("loss", 1.0, 10), Point("accuracy", 0.5, 10)])
    run.log_metrics([Point("loss", 9.0, 20), Point("loss", 3.0, 30), Point("loss", 4.0, 30)])
    assert run.history("loss") == ((10, 1.0), (20, 2.0), (30, 3.0))
    assert run.history("accuracy") == ((10, 0.5),)
    assert run.history("never logged") == ()


def test_more_points_than_a_batch_holds_are_all_logged(tracker: Tracker, name: str) -> None:
    run = tracker.run(name, name, {})
    run.log_metrics([Point("loss", float(step), step) for step in range(1001)])
    assert run.history("loss") == tuple((step, float(step)) for step in range(1001))


def test_more_parameters_than_a_batch_holds_are_all_logged(tracker: Tracker, name: str) -> None:
    run = tracker.run(name, name, {})
    params = {f"training.{place:03}": str(place) for place in range(101)}
    run.log_params(params)
    assert run.read().params == params


def test_a_parameter_keeps_its_first_value(tracker: Tracker, name: str) -> None:
    run = tracker.run(name, name, {})
    run.log_params({"epochs": "30"})
    run.log_params({"epochs": "31", "seed": "7"})
    assert run.read().params == {"epochs": "30", "seed": "7"}


def test_a_run_keeps_files_and_replaces_one_of_the_same_name(
    tracker: Tracker, name: str, tmp_path: Path
) -> None:
    run = tracker.run(name, name, {})
    report = tmp_path / "report.html"
    for text in ("first", "second"):
        report.write_text(text)
        run.log_artifact(report)
        run.log_artifact(report, "old/pages")
    assert run.read().artifacts == ("old/pages/report.html", "report.html")


def test_a_run_is_finished_when_it_is_told(tracker: Tracker, name: str) -> None:
    run = tracker.run(name, name, {})
    assert not run.read().finished
    run.finish()
    assert run.read().finished


def test_a_finished_run_can_be_found_and_written_again(tracker: Tracker, name: str) -> None:
    tracker.run(name, name, {}).finish()
    again = tracker.run(name, name, {})
    again.log_metrics([Point("loss", 1.0, 1)])
    assert again.history("loss") == ((1, 1.0),)


def test_an_identity_has_one_version_and_its_folder_is_read_once(
    tracker: Tracker, name: str, tmp_path: Path
) -> None:
    folder = model_folder(tmp_path)
    first = tracker.register(name, f"{name}-1", folder, {"farandole.data_digest": "d"}, OWNER)
    again = tracker.register(name, f"{name}-1", tmp_path / "gone", {}, OWNER)
    assert again == first
    assert (first.name, first.number, first.identity) == (name, 1, f"{name}-1")
    assert first.tags == {IDENTITY: f"{name}-1", "farandole.data_digest": "d"}
    assert first.run == tracker.run(f"{name}-1", name, {}).id
    assert first.uri == f"models:/{name}/1"


def test_another_identity_is_the_next_version(tracker: Tracker, name: str, tmp_path: Path) -> None:
    folder = model_folder(tmp_path)
    versions = [tracker.register(name, f"{name}-{i}", folder, {}, OWNER) for i in (1, 2, 3)]
    assert [version.number for version in versions] == [1, 2, 3]
    assert tracker.versions(name) == tuple(versions)
    assert [each for each in tracker.versions() if each.name == name] == versions
    assert tracker.version(name, 2) == versions[1]
    assert tracker.version_of(name, f"{name}-3") == versions[2]


def test_one_identity_can_be_registered_under_two_names(
    tracker: Tracker, name: str, tmp_path: Path
) -> None:
    folder = model_folder(tmp_path)
    here = tracker.register(name, name, folder, {}, OWNER)
    there = tracker.register(f"{name}-too", name, folder, {}, OWNER)
    assert (here.number, there.number) == (1, 1)
    assert here.run == there.run


def test_a_version_gives_back_what_was_registered(
    tracker: Tracker, name: str, tmp_path: Path
) -> None:
    folder = model_folder(tmp_path, "first")
    version = tracker.register(name, name, folder, {}, OWNER)
    model_folder(tmp_path, "changed afterwards")
    assert (tracker.fetch(version) / "MLmodel").read_text() == "flavors: {}\n"
    assert tracker.fetch(version, "artifacts/bundle.json").read_text() == "first"


def test_what_was_never_registered_is_not_there(tracker: Tracker, name: str) -> None:
    assert tracker.versions(name) == ()
    assert tracker.version(name, 1) is None
    assert tracker.version_of(name, "none") is None
    assert tracker.at(name, "champion") is None


def test_a_promotion_moves_the_alias_and_remembers_the_one_before(
    tracker: Tracker, name: str, tmp_path: Path
) -> None:
    folder = model_folder(tmp_path)
    one, two, three = (tracker.register(name, f"{name}-{i}", folder, {}, OWNER) for i in range(3))
    assert tracker.promote(one, "champion", OWNER) is None
    for new, before in ((two, one), (three, two)):
        passed = tracker.promote(new, "champion", OWNER)
        assert passed is not None
        assert passed.number == before.number
    champion = tracker.at(name, "champion")
    assert champion is not None
    assert (champion.number, champion.aliases) == (3, ("champion",))
    assert [version.aliases for version in tracker.versions(name)] == [
        (),
        ("champion-previous",),
        ("champion",),
    ]


def test_promoting_the_champion_again_changes_nothing(
    tracker: Tracker, name: str, tmp_path: Path
) -> None:
    folder = model_folder(tmp_path)
    one, two = (tracker.register(name, f"{name}-{i}", folder, {}, OWNER) for i in range(2))
    for version in (one, two, two):
        tracker.promote(version, "champion", OWNER)
    assert [version.aliases for version in tracker.versions(name)] == [
        ("champion-previous",),
        ("champion",),
    ]


def test_going_back_is_a_promotion_of_the_older_version(
    tracker: Tracker, name: str, tmp_path: Path
) -> None:
    folder = model_folder(tmp_path)
    one, two = (tracker.register(name, f"{name}-{i}", folder, {}, OWNER) for i in range(2))
    for version in (one, two, one):
        tracker.promote(version, "champion", OWNER)
    assert [version.aliases for version in tracker.versions(name)] == [
        ("champion",),
        ("champion-previous",),
    ]


def test_a_registered_model_of_another_owner_is_refused(
    tracker: Tracker, name: str, tmp_path: Path
) -> None:
    folder = model_folder(tmp_path)
    version = tracker.register(name, f"{name}-1", folder, {}, OWNER)
    with pytest.raises(RegisteredModelOwnedError, match=f"'cluster/x'.*{OWNER}"):
        tracker.register(name, f"{name}-2", folder, {}, "cluster/x")
    with pytest.raises(RegisteredModelOwnedError, match=f"'cluster/x'.*{OWNER}"):
        tracker.promote(version, "champion", "cluster/x")
    assert [each.aliases for each in tracker.versions(name)] == [()]


def test_a_folder_without_a_model_is_refused(tracker: Tracker, name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="MLmodel"):
        tracker.register(name, name, tmp_path, {}, OWNER)
    assert tracker.versions(name) == ()


@pytest.mark.parametrize("wrong", ["", "a/b", "a:b", "it's", "../up", ".hidden", "a\n"])
def test_a_name_that_an_address_cannot_carry_is_refused(
    tracker: Tracker, wrong: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"promotion\.registeredModel"):
        tracker.register(wrong, "identity", model_folder(tmp_path), {}, OWNER)


def test_a_full_disk_below_a_new_database_is_told_as_one(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", kilobytes=16) as disk,
        pytest.raises(TrackingError, match=r"expected a database .*: .*disk.*; free space"),
    ):
        open_tracker(str(disk))
