from __future__ import annotations

import json
from pathlib import Path

import pytest

from farandole.api import DataError
from farandole.flows.answer import outcomes
from farandole.flows.state import KEPT, State
from farandole.steps.place import Place


def test_a_place_is_what_steps_read(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    text = state.place(tmp_path / "documents", ranks=2, progress=tmp_path / "progress.jsonl")
    place = Place.model_validate(json.loads(text))
    assert place.ranks == 2
    assert place.folder == str(tmp_path / "documents")
    assert Path(place.store).is_relative_to(state.folder)


def test_logs_of_long_ago_are_not_kept_for_ever(tmp_path: Path) -> None:
    state = State(tmp_path)
    for day in range(KEPT + 5):
        state.attempt(f"20260101-{day:06d}-7")
    state.forget_old_attempts()
    kept = sorted(folder.name for folder in (tmp_path / "work" / "runs").iterdir())
    assert kept == [f"20260101-{day:06d}-7" for day in range(5, KEPT + 5)]


def test_a_state_folder_that_is_not_there_holds_no_outcomes(tmp_path: Path) -> None:
    assert outcomes(State(tmp_path / "nothing")) == ()


def test_an_outcome_that_cannot_be_read_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "store" / "runs" / "ab" / "outcome.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    with pytest.raises(DataError, match=r"(?s)runs/ab/outcome.json.*remove the folder"):
        outcomes(State(tmp_path))


def test_a_state_that_cannot_be_written_is_told_with_the_option_that_names_another(
    tmp_path: Path,
) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(DataError, match=r"state: expected a folder .* Not a directory; .* --state"):
        State(tmp_path / "state").attempt("one")
