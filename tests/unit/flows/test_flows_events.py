from __future__ import annotations

from pathlib import Path

import pytest

from farandole.api import Progress
from farandole.flows.events import Advanced, Event, Failed, Finished, Follower, Said, Started
from farandole.flows.hearing import UNEXPECTED, Heard


def ignore(_event: Event) -> None:
    pass


def test_what_a_step_writes_is_what_is_read(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.jsonl", "prepare")
    progress.update("hashing", 3, 10, "images", share=0.3)
    progress.say("2 files are no images")
    assert Follower(tmp_path / "progress.jsonl").read() == [
        Advanced("prepare", "hashing", 3, 10, "images"),
        Said("prepare", "2 files are no images"),
    ]


def test_each_line_is_read_once_and_a_line_being_written_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    follower = Follower(path)
    assert follower.read() == []
    path.write_text('{"step": "train", "state": "started"}\n{"step": "train", "mess')
    assert follower.read() == [Started("train")]
    with path.open("a") as out:
        out.write('age": "ünïcode"}\n')
    assert follower.read() == [Said("train", "ünïcode")]
    assert follower.read() == []


def test_a_line_that_is_no_json_is_shown_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    path.write_text("Killed\n")
    assert Follower(path).read() == [Said("", "Killed")]


def test_the_first_error_is_the_reason_of_a_failed_run(tmp_path: Path) -> None:
    heard = Heard(ignore)
    heard.all(
        [
            Started("train"),
            Failed("train", "rank 1: not finite at step 3", 5, "NotFinite"),
            Failed("train", "a rank ended", 5, "RingError"),
        ]
    )
    failure = heard.failure(tmp_path / "pipeline.log")
    assert (failure.step, str(failure), failure.code) == (
        "train",
        "rank 1: not finite at step 3",
        5,
    )


@pytest.mark.parametrize(
    "events, step",
    [
        ([Started("prepare"), Finished("prepare", 1.0), Started("featurize")], "featurize"),
        ([], "the pipeline"),
    ],
)
def test_a_step_that_ends_without_a_word_is_named_with_the_end_of_the_log(
    tmp_path: Path, events: list[Event], step: str
) -> None:
    log = tmp_path / "pipeline.log"
    log.write_text("a line\n" * 30 + "\x1b[91mKilled\x1b[0m\n")
    heard = Heard(ignore)
    heard.all(events)
    failure = heard.failure(log)
    assert f"from {step}, received neither" in str(failure)
    assert str(failure).endswith("Killed")
    assert str(failure).count("a line") < 30
    assert failure.code == UNEXPECTED


def test_the_time_of_each_finished_step_is_kept(tmp_path: Path) -> None:
    seen: list[Event] = []
    heard = Heard(seen.append)
    heard.all([Started("prepare"), Finished("prepare", 1.5)])
    assert heard.seconds == {"prepare": 1.5}
    assert len(seen) == 2
