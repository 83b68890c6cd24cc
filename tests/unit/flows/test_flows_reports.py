from __future__ import annotations

from pathlib import Path

import pytest

from farandole.flows.reports import report_of
from farandole.flows.state import State
from tests.support.data_disks import small_disk
from tests.support.outcomes import outcome

OUTCOME = outcome(report="runs/ab/report.html")


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    kept = state.store / "runs/ab/report.html"
    kept.parent.mkdir(parents=True)
    kept.write_text("a report " * 10_000)
    return state


def test_a_report_lies_under_a_name_that_a_person_can_type(state: State) -> None:
    report = report_of(OUTCOME, state)
    assert report == state.reports / "flowers-abababababab.html"
    assert report.read_text() == "a report " * 10_000
    assert [file.name for file in state.reports.iterdir()] == [report.name]


def test_a_report_that_cannot_be_copied_is_shown_where_it_is_kept(state: State) -> None:
    state.reports.write_text("a file")
    assert report_of(OUTCOME, state) == state.store / "runs/ab/report.html"


def test_a_report_on_a_full_disk_is_not_left_in_half(state: State) -> None:
    with small_disk(state.reports, kilobytes=16):
        assert report_of(OUTCOME, state) == state.store / "runs/ab/report.html"
        assert list(state.reports.iterdir()) == []
    assert report_of(OUTCOME, state) == state.reports / "flowers-abababababab.html"


def test_a_report_that_is_gone_is_none(state: State) -> None:
    (state.store / "runs/ab/report.html").unlink()
    assert report_of(OUTCOME, state) is None
