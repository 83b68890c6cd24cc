from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from farandole.api import Gain, Outcome
from farandole.cli.bars import Bars
from farandole.cli.figures import decimals, duration, figure, pace
from farandole.cli.lines import Lines
from farandole.cli.runs import runs_table
from farandole.cli.summary import summary
from farandole.flows.events import Advanced, Failed, Finished, Said, Started
from farandole.flows.local import Ran
from farandole.flows.state import State

OUTCOME = Outcome(
    identity="ab" * 32,
    name="stamps",
    verdict="Promoted",
    exit_code=0,
    registered_model="stamps",
    version="3",
    alias="champion",
    metric="balancedAccuracy",
    value=0.951,
    interval=(0.08, 0.19),
    baselines={"linear": 0.812, "dummy": 0.5},
    gains={
        "linear": Gain(difference=0.139, low=0.08, high=0.19),
        "dummy": Gain(difference=0.451, low=0.4, high=0.5),
    },
    report="runs/report.html",
    finished="2026-01-02T03:04:05Z",
    seconds={"prepare": 3.0, "train": 61.0},
    sentence="The model beats its best baseline, linear.",
)
STATE = State(Path(".farandole"))
REPORT = Path(".farandole/reports/stamps-abababababab.html")


def drawn(what: RenderableType, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(what)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def summed_up(
    outcome: Outcome, known: bool = False, seconds: dict[str, float] | None = None
) -> str:
    ran = Ran(outcome, known, seconds or {}, REPORT, elapsed=110.0)
    return drawn(summary(ran, STATE, confidence=0.95))


def test_the_summary_says_the_decision_the_rivals_and_where_everything_lies() -> None:
    text = summed_up(OUTCOME, seconds={"prepare": 3.2, "train": 100.0})
    assert "stamps: The model beats its best baseline, linear." in text
    for row in (
        ["this model", "0.9510"],
        ["linear", "0.8120", "+0.1390", "+0.0800 to +0.1900"],
        ["dummy", "0.5000", "+0.4510", "+0.4000 to +0.5000"],
    ):
        line = next(line for line in text.splitlines() if line.strip().startswith(row[0]))
        assert all(cell in line for cell in row)
    assert "95 % interval" in text
    assert "stamps version 3, alias champion" in text
    assert f"report      {REPORT}" in text
    assert "curves      farandole ui  " in text
    assert "1 min 50 s: prepare 3.2 s · train 1 min 40 s" in text


def test_rows_that_were_left_out_are_counted_in_the_summary() -> None:
    assert "left out    1,204 rows" in summed_up(OUTCOME.model_copy(update={"left_out": 1204}))
    assert "left out" not in summed_up(OUTCOME)


def test_no_line_of_the_summary_is_wider_than_the_terminal() -> None:
    long = OUTCOME.model_copy(update={"sentence": "A sentence that goes on. " * 12})
    assert max(map(len, summed_up(long).splitlines())) <= 80


def test_a_gain_that_may_be_chance_is_called_that() -> None:
    chance = {
        "linear": Gain(difference=0.01, low=-0.02, high=0.04),
        "dummy": Gain(difference=-0.2, low=-0.3, high=-0.1),
    }
    refused = OUTCOME.model_copy(
        update={"gains": chance, "exit_code": 3, "verdict": "BaselineWon", "alias": None}
    )
    text = summed_up(refused)
    assert "-0.0200 to +0.0400  may be chance" in text
    assert "-0.3000 to -0.1000  worse" in text
    assert "no alias was moved" in text


def test_a_model_without_a_finite_figure_has_no_table() -> None:
    broken = OUTCOME.model_copy(
        update={"value": None, "verdict": "NotFinite", "version": None, "baselines": {}}
    )
    text = summed_up(broken)
    assert "interval" not in text
    assert "nothing under stamps" in text


def test_how_fast_training_was_is_said_where_it_is_known() -> None:
    told = "4,197 images/s on 2 ranks, parallel efficiency 84.8 %, about 0.025 EUR"
    text = summed_up(OUTCOME.model_copy(update={"training": told}))
    assert "training    4,197 images/s on 2 ranks, parallel efficiency 84.8 %" in text
    assert "training " not in summed_up(OUTCOME)


def test_what_was_trained_before_is_said_to_be() -> None:
    text = summed_up(OUTCOME, known=True)
    assert "Trained before: nothing was computed" in text
    assert "time then   prepare 3.0 s · train 1 min 01 s" in text


def test_another_state_folder_is_named_in_the_command_that_shows_it() -> None:
    ran = Ran(OUTCOME, False, {}, REPORT, elapsed=1.0)
    text = drawn(summary(ran, State(Path("/else where")), confidence=0.95))
    assert "farandole ui --state '/else where'" in text


def test_figures_of_houses_and_of_shares_both_show_four_digits() -> None:
    assert figure(25341.7, decimals([25341.7, 9.0])) == "25,342"
    assert figure(0.95123, decimals([0.95123, 0.5])) == "0.9512"
    assert figure(0.000123456, decimals([0.000123456])) == "0.0001235"


@given(st.lists(st.floats(-1e12, 1e12)))
def test_any_values_can_be_written(values: list[float]) -> None:
    places = decimals(values)
    assert 0 <= places <= 9
    for value in values:
        assert figure(value, places)


@pytest.mark.parametrize(
    "seconds, text",
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (185.2, "3 min 05 s"), (7830.0, "2 h 10 min")],
)
def test_times_are_written_as_a_person_says_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("rate, text", [(1234.0, "1,234/s"), (2.5, "2.5/s"), (0.05, "3.0/min")])
def test_rates_are_written_in_a_unit_that_fits(rate: float, text: str) -> None:
    assert pace(rate) == text


def test_runs_fit_a_terminal_one_a_line() -> None:
    refused = OUTCOME.model_copy(
        update={"verdict": "BaselineWon", "alias": None, "version": None, "value": None}
    )
    lines = drawn(runs_table([OUTCOME, refused])).splitlines()
    assert len(lines) == 3
    assert lines[1].split() == [
        "2026-01-02",
        "Promoted",
        "balancedAccuracy",
        "0.9510",
        "stamps/3",
        "@champion",
        "abababab",
    ]
    assert "balancedAccuracy nan" in lines[2]
    assert "stamps/none" in lines[2]


def test_a_log_has_a_line_now_and_then_with_rate_and_time_left() -> None:
    now = [0.0]
    console = Console(file=io.StringIO(), width=80)
    lines = Lines(console, clock=lambda: now[0])
    lines(Started("prepare"))
    for done in range(0, 1001, 50):
        lines(Advanced("prepare", "hashing", done, 1000, "images"))
        now[0] += 1.0
    lines(Said("prepare", "2 files [are] no images"))
    lines(Finished("prepare", 21.0))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "prepare    begins",
        "prepare    hashing 500 of 1,000 images, 50/s, 10.0 s left",
        "prepare    hashing 1,000 of 1,000 images, 50/s, 0.0 s left",
        "prepare    2 files [are] no images",
        "prepare    done in 21.0 s",
    ]


def test_a_terminal_keeps_a_line_for_each_step_that_is_done_and_what_was_said() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    with Bars(console) as bars:
        bars(Started("prepare"))
        bars(Advanced("prepare", "hashing", 5, 10, "images"))
        bars(Advanced("prepare", "writing", 5, None, "shards"))
        bars(Said("prepare", "2 files [are] no images"))
        bars(Finished("prepare", 21.0))
        bars(Advanced("train", "epochs", 1, 3, "epochs"))
        bars(Failed("train", "a reason", 5, "RingError"))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "✓ prepare    21.0 s" in text
    assert "2 files [are] no images" in text
    assert "5/10 images" in text
    assert "✗ train" in text
