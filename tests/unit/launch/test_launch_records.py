import json
from dataclasses import asdict, replace
from pathlib import Path

from farandole.launch.rank import Record
from farandole.launch.records import describe, first_failure, read_record

ENDED = Record(
    rank=1, supervisor=10, program=11, started=1.0, ended=9.0, code=1, step=17, last="boom\n"
)


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text(json.dumps(asdict(ENDED)))
    assert read_record(tmp_path, 1) == ENDED
    assert read_record(tmp_path, 0) is None


def test_the_rank_that_ended_first_is_the_one_that_failed() -> None:
    later = replace(ENDED, rank=0, ended=9.1)
    assert first_failure([later, ENDED]) == ENDED


def test_a_rank_lost_with_its_supervisor_comes_before_those_that_noticed() -> None:
    lost = replace(ENDED, rank=2, ended=None, code=None)
    assert first_failure([ENDED, lost]) == lost
    assert "rank 2 of 3 was lost with its supervisor in step 17" in describe(lost, 3)


def test_a_killed_rank_comes_before_one_that_noticed_and_was_gone_sooner() -> None:
    killed = replace(ENDED, rank=0, ended=9.4, code=-9, signal="SIGKILL")
    assert first_failure([ENDED, killed]) == killed
    assert first_failure([ENDED, replace(killed, ended=10.1)]) == ENDED


def test_an_exit_code_is_told_with_step_and_last_lines() -> None:
    assert describe(ENDED, 2) == (
        "rank 1 of 2 ended with exit code 1 in step 17; its last lines:\n    boom"
    )


def test_a_kill_is_told_by_its_signal_and_its_usual_cause() -> None:
    killed = replace(ENDED, code=-9, signal="SIGKILL", step=None, last="")
    assert describe(killed, 2) == (
        "rank 1 of 2 was killed by SIGKILL (by a person, or by the system for want of memory) "
        "before its first step"
    )
    crashed = replace(ENDED, code=-11, signal="SIGSEGV", last="")
    assert "was killed by SIGSEGV in step 17" in describe(crashed, 2)


def test_tensorflows_greetings_are_not_among_the_last_lines() -> None:
    noise = (
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
        "I0000 00:00:1 17874 port.cc:153] oneDNN custom operations are on.\n"
        "To enable the following instructions: AVX2, rebuild TensorFlow.\n\n"
    )
    assert describe(replace(ENDED, last=noise + "boom"), 2).endswith("last lines:\n    boom")
