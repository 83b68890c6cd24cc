from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from farandole.api.errors import DataError, DocumentError, Problem, RingError
from farandole.api.progress import Progress
from farandole.data.store import open_store
from farandole.steps import program
from farandole.steps.claim import Claim, Owner, claim, latest
from farandole.steps.handing import LARGEST
from farandole.steps.place import Place, StepOutputs, StepParameters

IDENTITY = "cd" * 32


class Prepared(StepOutputs):
    identity: str


class Parameters(StepParameters):
    prepared: Prepared | None = None


class Outputs(StepOutputs):
    text: str


def step(run: Any) -> ModuleType:
    module = ModuleType("farandole.steps.sing")
    module.__dict__.update(Parameters=Parameters, Outputs=Outputs, run=run)
    return module


def sing(parameters: Parameters, progress: Progress) -> Outputs:
    progress.update("verses", 1, 1)
    return Outputs(text=parameters.document)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(
        store=str(tmp_path / "store"),
        work=str(tmp_path),
        tracking="",
        folder=str(tmp_path),
        progress=str(tmp_path / "progress.jsonl"),
    )


def lines(place: Place) -> list[dict[str, Any]]:
    assert place.progress is not None
    return [json.loads(line) for line in Path(place.progress).read_text().splitlines()]


def test_a_step_takes_and_gives_json_and_its_time_is_kept(place: Place) -> None:
    text = program.execute(step(sing), place.model_dump_json(), "la la")
    assert json.loads(text) == {"text": "la la"}
    assert [line.get("state", line.get("phase")) for line in lines(place)] == [
        "started",
        "verses",
        "finished",
    ]
    assert list(program.seconds(place)) == ["sing"]


def test_outputs_too_large_for_a_command_line_travel_by_the_store(place: Place) -> None:
    where, document = place.model_dump_json(), "la " * LARGEST
    text = program.execute(step(sing), where, document)
    assert len(text) < 200
    assert json.loads(program.taken(where, text)) == {"text": document}

    def follow(parameters: Parameters, _: Progress) -> Outputs:
        assert parameters.prepared is not None
        return Outputs(text=str(len(parameters.prepared.identity)))

    large = Prepared(identity="x" * LARGEST).model_dump_json()
    handed = program.hand_over(where, large)
    assert handed != large
    followed = program.execute(step(follow), where, "", prepared=handed)
    assert json.loads(followed) == {"text": str(LARGEST)}


@pytest.mark.parametrize(
    "error, code",
    [
        (DataError("cat.jpg: expected an image"), 4),
        (RingError("rank 1 ended by signal 9"), 5),
        (DocumentError("model.yaml", (Problem("spec", "1", "a map"),)), 2),
        (OSError(28, "No space left on device", "/full/disk"), 4),
        (ZeroDivisionError("division by zero"), 1),
    ],
)
def test_an_error_becomes_one_line_in_the_persons_words_and_an_exit_code(
    place: Place, error: Exception, code: int
) -> None:
    def fail(*_: object) -> Outputs:
        raise error

    with pytest.raises(SystemExit) as ended:
        program.execute(step(fail), place.model_dump_json(), "")
    assert ended.value.code == code
    last = lines(place)[-1]
    assert last["state"] == "failed"
    assert last["exit_code"] == code
    assert str(error) in last["error"]
    assert last["kind"] == type(error).__name__
    assert "sing" not in program.seconds(place)


def test_only_a_defect_of_ours_leaves_a_traceback_in_the_log(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    for error in (DataError("the person's"), ZeroDivisionError("ours")):

        def fail(*_: object, error: Exception = error) -> Outputs:
            raise error

        with pytest.raises(SystemExit):
            program.execute(step(fail), place.model_dump_json(), "")
        assert ("Traceback" in capsys.readouterr().err) is isinstance(error, ZeroDivisionError)


def test_a_terminated_step_unwinds_what_it_started_and_says_interrupted(place: Place) -> None:
    script = f"""
import signal
from farandole.steps import program
from farandole.steps.place import Place
def work(progress):
    try:
        print("working", flush=True)
        signal.pause()
    finally:
        print("unwound", flush=True)
program.guarded("sing", Place.model_validate_json({place.model_dump_json()!r}), work)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"working\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == b"unwound\n"
    assert process.returncode == 130
    assert lines(place)[-1] == {"step": "sing", "state": "interrupted"}


def test_a_claimed_step_works_under_the_claim_of_its_run(place: Place) -> None:
    store = open_store(place.store)

    def look(parameters: Parameters, _: Progress) -> Outputs:
        current = latest(store, IDENTITY)
        assert current is not None
        return Outputs(text=current.owner.run)

    prepared = Prepared(identity=IDENTITY).model_dump_json()
    text = program.execute_claimed(
        step(look), "one", place.model_dump_json(), "", prepared=prepared
    )
    assert json.loads(text) == {"text": "one"}


def test_a_claimed_step_whose_run_was_overtaken_fails_with_the_reason(place: Place) -> None:
    taken = claim(open_store(place.store), IDENTITY, Owner.here("two"), now=2e9)
    assert isinstance(taken, Claim)
    prepared = Prepared(identity=IDENTITY).model_dump_json()
    with pytest.raises(SystemExit) as ended:
        program.execute_claimed(step(sing), "one", place.model_dump_json(), "", prepared=prepared)
    assert ended.value.code == 4
    assert lines(place)[-1]["kind"] == "ClaimLost"


def test_why_a_thread_ended_the_step_goes_before_that_it_was_ended(place: Place) -> None:
    lost: list[Any] = []

    def work(_: Progress) -> None:
        program.ending(lost)(RingError("the claim was lost"))
        signal.pause()

    with pytest.raises(SystemExit) as ended:
        program.guarded("sing", place, work, lost)
    assert ended.value.code == 5
    assert lines(place)[-1]["error"] == "the claim was lost"


def test_a_step_is_a_program_that_reads_and_writes_files(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, made = tmp_path / "parameters.json", tmp_path / "outputs.json"
    given.write_text(Parameters(place=place, document="la").model_dump_json())
    monkeypatch.setattr(sys, "argv", ["sing", str(given), str(made)])
    with pytest.raises(SystemExit) as ended:
        program.main(step(sing))
    assert ended.value.code == 0
    assert json.loads(made.read_text()) == {"text": "la"}


def test_a_step_given_a_wrong_file_says_which_field_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "parameters.json"
    given.write_text('{"document": ""}')
    monkeypatch.setattr(sys, "argv", ["sing", str(given), str(tmp_path / "outputs.json")])
    with pytest.raises(SystemExit) as ended:
        program.main(step(sing))
    assert ended.value.code == 2
    assert "place" in capsys.readouterr().err
