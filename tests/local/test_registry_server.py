"""MLflow's own servers over what was written here, spoken to by real HTTP."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pandas as pd
import pytest

from farandole.api.errors import DataError
from farandole.api.progress import SILENT, Progress
from farandole.registry.artifact import write
from farandole.registry.client import connect
from farandole.registry.mlflow_tracker import MlflowTracker
from farandole.registry.servers import Command, serve_command, ui_command
from farandole.registry.tracking import Point, database, open_tracker
from farandole.steps.observing.findings import Finding
from farandole.steps.observing.log import Log
from tests.support.registry_models import (
    picture,
    picture_bundle,
    probabilities,
    save_picture_network,
)
from tests.support.registry_trackers import OWNER, model_folder

SECONDS_TO_START = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: Command, url: str, log: Path) -> Iterator[None]:
    """Start a server, wait until it answers, and end it with all that it started."""
    with log.open("w") as out:
        process = subprocess.Popen(
            command.arguments,
            env={**os.environ, **command.environment},
            cwd=log.parent,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = monotonic() + SECONDS_TO_START
        while not answers(url):
            assert monotonic() < deadline, log.read_text()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=0.1)  # a server that ends while starting fails here
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def answers(url: str) -> bool:
    try:
        return bool(get(url))
    except URLError:
        return False


def get(url: str) -> bytes:
    with urlopen(url, timeout=30) as answer:
        content: bytes = answer.read()
        return content


def ask(url: str, body: bytes, kind: str = "application/json") -> Any:
    with urlopen(Request(url, body, {"Content-Type": kind}), timeout=60) as answer:
        return json.loads(answer.read())["predictions"]


@pytest.mark.server
@pytest.mark.slow
def test_mlflow_serves_the_artifact_and_answers_an_encoded_picture(tmp_path: Path) -> None:
    network = save_picture_network(tmp_path / "network")
    model = write(tmp_path / "model", picture_bundle(network))
    port = free_port()
    url = f"http://127.0.0.1:{port}/invocations"
    jpeg = picture(255, 0, "JPEG")
    text = base64.b64encode(jpeg).decode()
    with running(serve_command(model, port), f"http://127.0.0.1:{port}/ping", tmp_path / "log"):
        for body in (
            {"inputs": {"image": [text]}},
            {"dataframe_split": {"columns": ["image"], "data": [[text]]}},
            json.loads((model / "serving_input_example.json").read_text()),
        ):
            (row,) = ask(url, json.dumps(body).encode())
            assert list(row) == ["label", "probability_red", "probability_green", "identity"]
            assert row["identity"] == "1" * 64
        (row,) = ask(url, json.dumps({"inputs": {"image": [text]}}).encode())
        assert row["label"] == "red"
        assert row["probability_red"] == pytest.approx(probabilities(255, 0)[0], abs=5e-3)

        table = io.BytesIO()
        pd.DataFrame({"image": [jpeg, picture(0, 255)]}).to_parquet(table)
        rows = ask(url, table.getvalue(), "application/vnd.apache.parquet")
        assert [row["label"] for row in rows] == ["red", "green"]

        bad = base64.b64encode(b"not a picture").decode()
        with pytest.raises(HTTPError) as refused:
            ask(url, json.dumps({"inputs": {"image": [text, bad]}}).encode())
        assert refused.value.code == 400
        assert "1 of 2 rows cannot be read" in refused.value.read().decode()


@pytest.mark.server
@pytest.mark.slow
def test_the_ui_shows_a_local_run_and_a_server_keeps_what_is_told_over_http(tmp_path: Path) -> None:
    place = tmp_path / "mlflow"
    report = tmp_path / "report.html"
    report.write_text("<h1>Report</h1>")
    run = open_tracker(str(place)).run("local", "stamps", {})
    run.log_artifact(report)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    log = tmp_path / "log"
    with running(ui_command(place, port), f"{address}/health", log):
        assert b"MLflow" in get(f"{address}/")
        shown = get(f"{address}/get-artifact?run_id={run.id}&path=report.html")
        assert shown == b"<h1>Report</h1>"

        # An experiment made over HTTP keeps its files on the server, as on a cluster.
        tracker = MlflowTracker(address, experiment="over http")
        remote = tracker.run("remote", "stamps", {"a": "b"})
        remote.log_metrics([Point("loss", 0.5, 1)])
        remote.log_artifact(report)
        version = tracker.register("stamps", "remote", model_folder(tmp_path), {}, OWNER)
        tracker.promote(version, "champion", OWNER)
        assert tracker.register("stamps", "remote", tmp_path / "gone", {}, OWNER).number == 1
        assert remote.history("loss") == ((1, 0.5),)

        evaluator = Log(address, "observed", "stamps", SILENT)
        for step in (30, 60):
            evaluator.found(finding(step, {"accuracy": step / 100}))
        observed = open_tracker(address).run("observed", "stamps", {})
        assert observed.history("observed.accuracy") == ((30, 0.3), (60, 0.6))
        assert remote.read().artifacts == ("report.html",)
        assert tracker.at("stamps", "champion") is not None
        assert (tracker.fetch(version) / "artifacts" / "bundle.json").read_text() == "network"
        assert tracker.fetch(version, "artifacts/bundle.json").read_text() == "network"
    assert "GET /health" not in log.read_text()


def test_findings_wait_for_a_server_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    said = tmp_path / "said"
    evaluator = Log(
        f"http://127.0.0.1:{free_port()}", "observed", "stamps", Progress(said, "train")
    )
    evaluator.found(finding(30, {"accuracy": 0.3}))
    assert "its figures are logged later: MLflow at" in said.read_text()


def finding(step: int, metrics: dict[str, float]) -> Finding:
    return Finding(
        step=step,
        metrics=metrics,
        steps_behind=0,
        seconds_behind=0.0,
        seconds=0.0,
        skipped=0,
        lost=0,
        torn=0,
    )


def test_a_server_that_is_not_there_is_named_with_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(DataError, match=f"MLflow at {address}: get_experiment_by_name failed"):
        open_tracker(address)


def test_a_place_that_cannot_be_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="file: expected a folder for MLflow"):
        open_tracker(str(tmp_path / "file"))


def test_an_experiment_that_was_deleted_is_not_written_to(tmp_path: Path) -> None:
    open_tracker(str(tmp_path))
    client = connect(database(tmp_path))
    client.delete_experiment(client.get_experiment_by_name("farandole").experiment_id)
    with pytest.raises(DataError, match="deleted one; run mlflow experiments restore -x 1"):
        open_tracker(str(tmp_path))
