from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from farandole.api import SILENT, ExitCode, FarandoleError, RingError, read_model
from farandole.cli.app import app
from farandole.cli.ending import ending
from farandole.data.store import open_store
from farandole.flows.document import canonical_document
from farandole.flows.hearing import StepFailed
from farandole.flows.state import State
from farandole.steps import prepare
from farandole.steps.outcome import outcome_key
from farandole.steps.place import Place
from farandole.steps.registering.serving import note_served
from tests.support.outcomes import outcome

TABLE = """
apiVersion: farandole.dev/v1alpha1
kind: Model
metadata: {name: flowers}
spec:
  recipe:
    task: {kind: TabularClassification}
    data: {table: flowers.csv, target: {column: kind}}
"""

LIGHT = """
import sys
sys.argv = ["farandole", *sys.argv[1:]]
from farandole.cli import main
try:
    main()
except SystemExit as end:
    code = end.code
heavy = {"tensorflow", "keras", "mlflow", "kfp", "horovod", "sklearn", "matplotlib", "optuna"}
print(code, sorted({name.partition(".")[0] for name in sys.modules} & heavy), file=sys.stderr)
"""


def farandole(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_a_wrong_document_exits_with_2_and_all_its_problems(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(TABLE.replace("kind: Tab", "kind: Tob").replace("target", "tarqet"))
    for command in ("run", "compile"):
        code, said = farandole(command, path)
        assert code == 2
        assert "2 problems" in said
    code, said = farandole("run", path, "--json")
    assert (code, json.loads(said)["exit_code"]) == (2, 2)
    assert len(json.loads(said)["problems"]) == 2


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_is_no_document_exits_with_2(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.yaml"
    if content is not None:
        path.write_bytes(content)
    code, said = farandole("run", path)
    assert code == 2
    assert str(path) in said


@pytest.mark.parametrize("output", ["pipeline.txt", "missing/pipeline.yaml", "."])
def test_a_pipeline_that_cannot_be_written_there_exits_with_2(tmp_path: Path, output: str) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(TABLE)
    for more in ([], ["--kubernetes"]):
        code, said = farandole("compile", path, "-o", tmp_path / output, *more)
        assert code == 2
        assert "--output: expected a file" in said


def test_data_that_is_not_there_exits_with_4(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(TABLE)
    code, said = farandole("run", path, "--state", tmp_path / "state", "--json")
    assert code == 4
    assert "flowers.csv" in json.loads(said)["error"]


def test_what_only_a_cluster_uses_is_told_in_one_line_and_not_with_json(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(f"{TABLE}  placement: {{workers: 2, nodePool: a100, queue: night}}\n")
    _, said = farandole("run", path, "--state", tmp_path / "state")
    told = [line for line in said.splitlines() if "placement" in line]
    assert told == [
        "Used on a cluster only, not by this run: placement.nodePool, placement.queue",
    ]
    _, said = farandole("run", path, "--state", tmp_path / "state", "--json")
    assert list(json.loads(said)) == ["error", "kind", "exit_code"]
    path.write_text(TABLE)
    _, said = farandole("run", path, "--state", tmp_path / "state")
    assert "Used on a cluster" not in said


@pytest.mark.parametrize("command", [["predict", "stamps", "a.png"], ["lineage", "stamps"]])
def test_a_state_folder_that_is_mistyped_is_said_and_not_made(
    command: list[str], tmp_path: Path
) -> None:
    mistyped = tmp_path / "mistyped"
    done = CliRunner().invoke(app, [*command, "--state", str(mistyped)])
    assert done.exit_code == ExitCode.DATA
    assert "in which nothing was trained" in " ".join(done.stderr.split())
    assert not mistyped.exists()


def test_lineage_wants_a_model_or_a_row(tmp_path: Path) -> None:
    for arguments in ([], ["stamps", "--row", "cat.png"]):
        code, said = farandole("lineage", *arguments, "--state", tmp_path)
        assert code == 2
        assert "a model or --row" in said


def test_a_state_without_runs_says_how_to_begin(tmp_path: Path) -> None:
    code, said = farandole("runs", "--state", tmp_path)
    assert code == 0
    assert "farandole run DOCUMENT" in said
    assert farandole("runs", "--state", tmp_path, "--json") == (0, "[]\n")


def test_the_schema_is_json_of_every_field() -> None:
    code, said = farandole("schema")
    assert code == 0
    assert "metadata" in json.loads(said)["properties"]


def test_help_names_every_exit_code() -> None:
    for command in ("", "run", "compile", "predict", "lineage", "runs", "ui", "schema"):
        code, said = farandole(*command.split(), "--help")
        assert code == 0
        for number in ExitCode:
            assert str(int(number)) in said.partition("Exit codes")[2]


@pytest.mark.parametrize(
    "error, code",
    [(RingError("rank 1 ended"), 5), (StepFailed("train", "no idea", 1, "Silent"), 1)],
)
def test_an_error_ends_with_its_own_code(
    error: FarandoleError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended, ending(as_json=True):
        raise error
    assert ended.value.exit_code == code
    assert json.loads(capsys.readouterr().out)["exit_code"] == code


def test_a_disk_that_refuses_is_told_with_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, ending(as_json=False):
        raise PermissionError(13, "Permission denied", "/models/report.html")
    assert ended.value.exit_code == 4
    said = capsys.readouterr().err
    assert said.startswith("/models/report.html: expected to read or write it, received Permission")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_command_says_how_to_go_on(
    sent: signal.Signals, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/bin/farandole", "run", "my model.yaml"])

    def work() -> None:
        with ending(as_json=False):
            os.kill(os.getpid(), sent)
            threading.Event().wait(5)

    with pytest.raises(typer.Exit) as ended:
        work()
    assert ended.value.exit_code == 130
    assert "farandole run 'my model.yaml'" in capsys.readouterr().err


def test_what_was_trained_before_is_answered_without_any_heavy_library(tmp_path: Path) -> None:
    path, state = tmp_path / "model.yaml", State(tmp_path / "state")
    path.write_text(f"{TABLE}  placement: {{queue: night}}\n")
    rows = [f"{number * 7 % 13}.5,{'ab'[number % 2]}" for number in range(60)]
    (tmp_path / "flowers.csv").write_text("\n".join(["size,kind", *rows]))
    _pretend_trained(path, state)
    for arguments, notices in ((["run", str(path)], 1), (["runs"], 0)):
        done = subprocess.run(
            [sys.executable, "-c", LIGHT, *arguments, "--state", str(state.folder), "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr.splitlines()[-1:] == ["0 []"], done.stderr
        assert '"verdict": "Promoted"' in done.stdout
        assert done.stdout.count('"notices": ["Used on a cluster only') == notices


def _pretend_trained(path: Path, state: State) -> None:
    """Prepare the data really, and put the outcome that training would have."""
    model = read_model(path.read_text(), str(path))
    place = Place.model_validate_json(state.place(path.parent, 1, None))
    parameters = prepare.Parameters(place=place, document=canonical_document(model))
    identity = prepare.run(parameters, SILENT).identity
    store = open_store(place.store)
    ended = outcome(identity=identity)
    store.put(outcome_key(identity), ended.model_dump_json().encode())
    note_served(store, model, identity)
