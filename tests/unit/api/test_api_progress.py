from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from farandole.api import SILENT, DocumentError, Problem, Progress


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_progress_is_written_at_a_bounded_rate_with_its_first_and_last_line(tmp_path: Path) -> None:
    now = iter(range(100))
    path = tmp_path / "progress"
    progress = Progress(path, "prepare", interval=3, clock=lambda: float(next(now)))
    for done in range(11):
        progress.update("decode", done, 10, "images")
    assert [line["done"] for line in lines(path)] == [0, 3, 6, 9, 10]
    assert lines(path)[0] == {
        "step": "prepare",
        "phase": "decode",
        "done": 0,
        "total": 10,
        "unit": "images",
    }


def test_each_phase_has_a_rate_of_its_own(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress", "prepare", clock=lambda: 0.0)
    progress.update("decode", 1, None)
    progress.update("hash", 1, None, rate=2.5)
    assert [line["phase"] for line in lines(tmp_path / "progress")] == ["decode", "hash"]
    assert lines(tmp_path / "progress")[1]["rate"] == 2.5


def test_a_sentence_is_always_written(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress", "train", clock=lambda: 0.0)
    progress.say("one rank trains")
    progress.say("one rank trains")
    assert len(lines(tmp_path / "progress")) == 2


def test_silent_progress_writes_nothing() -> None:
    SILENT.update("decode", 1, 2)
    SILENT.say("nothing")


def test_a_problem_is_one_line_with_all_it_knows() -> None:
    problem = Problem("spec.runner", '"job"', "one of a, b", "did you mean a?", 3)
    line = 'spec.runner (line 3): expected one of a, b, received "job"; did you mean a?'
    assert str(problem) == line
    assert str(DocumentError("m.yaml", (problem,))) == f"m.yaml: 1 problem\n  {line}"


def test_a_problem_of_the_whole_document_says_so() -> None:
    assert str(Problem("", "nothing", "a map")) == "document: expected a map, received nothing"
