"""Whatever dies or races between MLflow's calls, an identity ends with one run and one version."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from farandole.registry.client import connect
from farandole.registry.mlflow_run import MlflowRun
from farandole.registry.mlflow_tracker import MlflowTracker
from farandole.registry.tracking import IDENTITY, Point, Tracker, database
from tests.support.registry_trackers import (
    OWNER,
    KillAt,
    Killed,
    WatchedClient,
    model_folder,
    register_three,
    unwatched,
)

WRITES = [
    "create_experiment",
    "create_run",
    "log_batch",
    "log_artifact",
    "create_registered_model",
    "create_logged_model",
    "log_model_artifacts",
    "log_outputs",
    "finalize_logged_model",
    "create_model_version",
    "set_registered_model_alias",
    "set_terminated",
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One database for all tests here: making its tables takes 3 s."""
    return tmp_path_factory.mktemp("mlflow")


@cache
def client_of(place: Path) -> Any:
    return connect(database(place))


def open_watched(place: Path, name: str, watch: Callable[[str], None]) -> MlflowTracker:
    return MlflowTracker(
        database(place),
        place / "artifacts",
        experiment=name,
        connect=lambda _: WatchedClient(client_of(place), watch),
    )


def journey(place: Path, name: str, watch: Callable[[str], None] = unwatched) -> None:
    """All that a run tells MLflow, from the first point to the champion."""
    tracker: Tracker = open_watched(place, name, watch)
    run = tracker.run(name, name, {"farandole.data_digest": "d"})
    run.log_params({"epochs": "2"})
    run.log_metrics([Point("loss", 1.0, 1), Point("loss", 0.5, 2)])
    run.log_artifact(place / "model" / "MLmodel")
    version = tracker.register(name, name, place / "model", {"farandole.data_digest": "d"}, OWNER)
    tracker.promote(version, "champion", OWNER)
    run.finish()


def assert_all_is_there_once(place: Path, name: str) -> None:
    client = client_of(place)
    experiment = client.get_experiment_by_name(name).experiment_id
    tagged = f"tags.`{IDENTITY}` = '{name}'"
    (run,) = client.search_runs([experiment], tagged)
    (model,) = client.search_logged_models([experiment])
    (version,) = client.search_model_versions(f"name = '{name}'")
    assert client.get_registered_model(name).aliases == {"champion": version.version}
    assert (version.run_id, version.source) == (run.info.run_id, model.artifact_location)
    assert version.tags == {IDENTITY: name, "farandole.data_digest": "d"}
    assert run.data.tags["farandole.data_digest"] == "d"
    assert [output.model_id for output in run.outputs.model_outputs] == [model.model_id]
    assert MlflowRun(client, run.info.run_id).history("loss") == ((1, 1.0), (2, 0.5))
    files = Path(model.artifact_location.removeprefix("file://"))
    assert (files / "artifacts" / "bundle.json").read_text() == "network"


def test_a_kill_before_or_after_any_call_leaves_one_run_one_version_and_its_alias(
    place: Path,
) -> None:
    model_folder(place)
    recorded = KillAt()
    journey(place, "whole", recorded)
    assert_all_is_there_once(place, "whole")
    assert {moment.split()[1] for moment in recorded.moments} == set(WRITES)

    for moment, call in enumerate(recorded.moments):
        name = f"killed-{moment}-{call.replace(' ', '-')}"
        with pytest.raises(Killed, match=call):
            journey(place, name, KillAt(moment))
        journey(place, name)
        assert_all_is_there_once(place, name)


def test_a_rival_that_registers_in_between_any_two_calls_leaves_one_version(place: Path) -> None:
    model_folder(place)
    recorded = KillAt()
    journey(place, "unrivalled", recorded)
    for moment, call in enumerate(recorded.moments):
        if call.startswith("after"):
            continue
        name = f"raced-{moment}-{call.replace(' ', '-')}"
        seen: list[str] = []

        def rival(now: str, seen: list[str] = seen, at: int = moment, name: str = name) -> None:
            seen.append(now)
            if len(seen) - 1 == at:
                journey(place, name)

        journey(place, name, rival)
        assert_all_is_there_once(place, name)


def test_an_upload_that_was_cut_short_is_done_again(place: Path) -> None:
    folder = model_folder(place)

    class CutShort(WatchedClient):
        def log_model_artifacts(self, model: str, _: str) -> None:
            self._client.log_model_artifact(model, str(folder / "MLmodel"))
            raise Killed("half of the files")

    tracker = MlflowTracker(
        database(place),
        place / "artifacts",
        experiment="torn",
        connect=lambda _: CutShort(client_of(place), unwatched),
    )
    with pytest.raises(Killed):
        tracker.register("torn", "torn", folder, {}, OWNER)
    assert tracker.versions("torn") == ()
    journey(place, "torn")
    assert_all_is_there_once(place, "torn")


def test_a_kill_between_the_two_aliases_never_loses_the_champion(place: Path) -> None:
    folder = model_folder(place)
    tracker = open_watched(place, "moved", unwatched)
    one, two = (tracker.register("moved", f"moved-{i}", folder, {}, OWNER) for i in range(2))
    tracker.promote(one, "champion", OWNER)
    recorded = KillAt(2)  # before the second of two moves
    with pytest.raises(Killed, match="before set_registered_model_alias"):
        open_watched(place, "moved", recorded).promote(two, "champion", OWNER)
    champion = tracker.at("moved", "champion")
    assert champion is not None
    assert champion.number == 1
    before = tracker.promote(two, "champion", OWNER)
    assert before is not None
    assert before.number == 1


RIVAL = """
import sys
from pathlib import Path
from farandole.registry.client import load_mlflow
from tests.support.registry_trackers import register_three

load_mlflow()
print("ready", flush=True)
sys.stdin.readline()
register_three(Path(sys.argv[1]))
"""


@pytest.mark.slow
def test_two_processes_at_once_on_a_new_database_register_one_version(tmp_path: Path) -> None:
    model_folder(tmp_path)
    rival = subprocess.Popen(
        [sys.executable, "-c", RIVAL, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert rival.stdout is not None
    assert rival.stdin is not None
    assert rival.stdout.readline() == "ready\n", rival.communicate()[1]
    rival.stdin.write("go\n")
    rival.stdin.flush()
    register_three(tmp_path)
    _, errors = rival.communicate(timeout=120)
    assert rival.returncode == 0, errors
    client = client_of(tmp_path)
    for number in range(3):
        (version,) = client.search_model_versions(f"name = 'model-{number}'")
        aliases = client.get_registered_model(f"model-{number}").aliases
        assert aliases == {"champion": version.version}
    experiment = client.get_experiment_by_name("farandole").experiment_id
    assert len(client.search_runs([experiment])) == 1
