"""Rings of small programs that outlast their ranks: restarts, budgets, other sizes, messages."""

import os
from pathlib import Path

import pytest

from farandole.api.errors import ExitCode
from farandole.launch.here import RankError, ring
from farandole.launch.lasting import Life, WantedSize, outlast
from farandole.launch.restarts import Bounds, Course
from farandole.launch.silence import HangError
from tests.support.ring_programs import alive, beating, processes

pytestmark = pytest.mark.ring
KILL_ITSELF = "os.kill(os.getpid(), signal.SIGKILL)\n"
HEAD = "import os, signal, sys, time\nlife, size = int(sys.argv[1]), int(sys.argv[2])\n"
LEAVE_WHEN_ASKED = (
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))\n"
    "heart.beat(life * 10)\n"
    "Path(sys.argv[3], f'ready-{life}-{rank}').touch()\n"
    "while True: signal.pause()\n"
)


def lasting(folder: Path, source: str, said: list[str], ranks: int = 2, **more: object) -> Course:
    """Run a program that knows its `life`, `rank`, `size` and has a `heart`."""

    def live(life: Life) -> None:
        told = [str(life.number), str(life.ranks), os.fspath(folder)]
        program = [*beating(HEAD + source), *told]
        ring(program, life.ranks, folder, leave=life.leave, silence_seconds=silence)

    silence = 1.0 if more.pop("hangs", False) else 600.0
    return outlast(live, ranks, folder, said.append, **more)  # type: ignore[arg-type]


def test_a_killed_rank_costs_one_restart_and_a_person_reads_of_it(tmp_path: Path) -> None:
    said: list[str] = []
    source = "heart.beat(118)\nif life == 1 and rank == 1: " + KILL_ITSELF
    wait = "while life == 1: time.sleep(0.05)\n"
    assert lasting(tmp_path, source + wait, said) == Course(2, life=2, furthest=118, restarts=1)
    assert said == [
        "rank 1 of 2 was killed by SIGKILL (by a person, or by the system for want of memory) in "
        "step 118; 2 ranks start again from the last checkpoint"
    ]


def test_a_lost_supervisor_costs_one_restart(tmp_path: Path) -> None:
    said: list[str] = []
    source = "heart.beat(life)\nif life == 1: os.kill(os.getppid(), signal.SIGKILL); time.sleep(9)"
    assert lasting(tmp_path, source, said, ranks=1).life == 2
    assert "rank 0 of 1 was lost with its supervisor" in said[0]


@pytest.mark.parametrize("code", [1, ExitCode.DOCUMENT, ExitCode.DATA, ExitCode.RING])
def test_what_a_program_ends_with_is_never_tried_again(tmp_path: Path, code: int) -> None:
    said: list[str] = []
    with pytest.raises(RankError, match=f"ended with exit code {int(code)}"):
        lasting(tmp_path, f"heart.beat(3); sys.exit({int(code)})", said)
    assert said == []


def test_a_ring_that_does_not_get_on_is_given_up_and_says_what_may_help(tmp_path: Path) -> None:
    said: list[str] = []
    source = "heart.beat(7)\n" + KILL_ITSELF
    with pytest.raises(RankError) as caught:
        lasting(tmp_path, source, said, ranks=1, restarts=2)
    assert "started again 2 times without getting past step 7" in str(caught.value)
    assert "placement.elastic.min" in str(caught.value)
    assert "Run again to resume from the last checkpoint" in str(caught.value)
    assert said[1].endswith("from the last checkpoint (restart 2 without a new step, in 1 s)")


def test_a_ring_lost_twice_at_one_step_goes_on_smaller_where_the_document_allows(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    source = "heart.beat(40)\nif size == 2 and rank == 1: " + KILL_ITSELF
    wait = "while size == 2: time.sleep(0.05)\n"
    course = lasting(tmp_path, source + wait, said, bounds=Bounds(1, 2))
    assert (course.ranks, course.life) == (1, 3)
    assert said[1].endswith(
        "in step 40, and the ring has been lost twice without a new step. It goes on with 1 rank "
        "instead of 2, as placement.elastic allows; the result does not depend on it"
    )


def test_a_running_ring_takes_another_size_when_asked_and_only_within_its_bounds(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    wishes = {1: 1, 2: 9}
    lives: list[tuple[int, int]] = []

    def wanted() -> int | None:
        ready = [path.name.split("-") for path in tmp_path.glob("ready-*")]
        (tmp_path / "size").write_text(str(wishes[max((int(n[1]) for n in ready), default=0) or 1]))
        return WantedSize(tmp_path / "size")() if _all_ready(ready, lives) else None

    def live(life: Life) -> None:
        lives.append((life.number, life.ranks))
        told = [str(life.number), str(life.ranks), os.fspath(tmp_path)]
        source = HEAD + ("sys.exit(0)\n" if life.number == 3 else LEAVE_WHEN_ASKED)
        ring([*beating(source), *told], life.ranks, tmp_path, leave=life.leave)

    course = outlast(live, 2, tmp_path, said.append, bounds=Bounds(1, 3), wanted=wanted)
    assert lives == [(1, 2), (2, 1), (3, 3)]
    assert course == Course(3, life=3, furthest=20)
    assert said == [
        "the ring goes on with 1 rank instead of 2, as asked",
        "the ring goes on with 3 ranks instead of 1, as asked",
    ]


def test_an_old_wish_does_not_make_a_ring_grow_again_that_had_to_shrink(tmp_path: Path) -> None:
    said: list[str] = []
    source = "heart.beat(40)\nif size == 2 and rank == 1: " + KILL_ITSELF
    wait = "while size == 2: time.sleep(0.05)\n"
    course = lasting(tmp_path, source + wait, said, bounds=Bounds(1, 2), wanted=lambda: 2)
    assert (course.ranks, course.life) == (1, 3)


def test_a_size_is_not_asked_for_where_the_document_gives_no_bounds(tmp_path: Path) -> None:
    assert lasting(tmp_path, "heart.beat(1)", [], wanted=lambda: 1).ranks == 2


def test_ranks_that_are_asked_to_leave_have_the_time_they_need(tmp_path: Path) -> None:
    slow = (
        "if life == 2: sys.exit(0)\n"
        "def save(*_): time.sleep(4.5); Path(sys.argv[3], 'saved').touch(); sys.exit(130)\n"
        "signal.signal(signal.SIGTERM, save)\n"
        "Path(sys.argv[3], 'ready').touch()\n"
        "while True: signal.pause()\n"
    )
    ready = tmp_path / "ready"
    lasting(
        tmp_path, slow, [], 1, bounds=Bounds(1, 2), wanted=lambda: 2 if ready.exists() else None
    )
    assert (tmp_path / "saved").exists()


def test_a_ring_that_hangs_starts_again_once_it_has_got_on(tmp_path: Path) -> None:
    said: list[str] = []
    source = "heart.beat(5)\nif life == 1: signal.pause()"
    assert lasting(tmp_path, source, said, hangs=True).life == 2
    assert "no rank made progress for 1 s" in said[0]


def test_a_ring_that_hangs_where_it_hung_before_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(HangError, match="no rank made progress"):
        lasting(tmp_path, "heart.beat(5)\nsignal.pause()", [], hangs=True)
    assert alive(processes(tmp_path, 2)) == []


def test_the_file_of_the_wanted_size_may_be_missing_or_half_written(tmp_path: Path) -> None:
    assert WantedSize(tmp_path / "size")() is None
    (tmp_path / "size").write_text("")
    assert WantedSize(tmp_path / "size")() is None
    (tmp_path / "size").write_text("3\n")
    assert WantedSize(tmp_path / "size")() == 3


def _all_ready(ready: list[list[str]], lives: list[tuple[int, int]]) -> bool:
    life, ranks = lives[-1]
    return sum(int(name[1]) == life for name in ready) == ranks
