"""Rings of small programs without TensorFlow: what a launcher must do whatever its ranks do."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from farandole.api.errors import ExitCode, RingError
from farandole.launch.here import RankError, ring, ring_available
from tests.support.ring_programs import (
    alive,
    beating,
    launcher,
    processes,
    python,
    record,
    wait_until,
)

pytestmark = [
    pytest.mark.ring,
    pytest.mark.skipif(ring_available() is not None, reason=str(ring_available())),
]
WAIT = "import signal, time; signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"


def test_every_rank_runs_with_its_place_and_leaves_its_output_and_record(tmp_path: Path) -> None:
    ring(
        python("import os; print(os.environ['HOROVOD_RANK'], 'of', os.environ['HOROVOD_SIZE'])"),
        3,
        tmp_path,
    )
    for rank in range(3):
        assert (tmp_path / "ranks" / f"{rank}.out").read_text() == f"{rank} of 3\n"
        assert record(tmp_path, rank)["code"] == 0


def test_one_rank_runs_alone_and_without_a_rendezvous(tmp_path: Path) -> None:
    ring(python("import os, sys; sys.exit('HOROVOD_SIZE' in os.environ)"), 1, tmp_path)


def test_the_first_failing_rank_is_named_with_step_code_and_last_lines(tmp_path: Path) -> None:
    program = beating(
        "heart.beat(118)\n"
        "if rank == 1: raise SystemExit('the weights are gone')\n"
        "import signal; signal.pause()"
    )
    with pytest.raises(RankError) as caught:
        ring(program, 2, tmp_path)
    assert "rank 1 of 2 ended with exit code 1 in step 118" in str(caught.value)
    assert "the weights are gone" in str(caught.value)
    assert "Run again to resume" in str(caught.value)
    assert (caught.value.rank, caught.value.exit_code) == (1, ExitCode.RING)
    assert alive(processes(tmp_path, 2)) == []


def test_a_killed_rank_is_named_with_its_signal_and_the_rank_that_noticed_is_not(
    tmp_path: Path,
) -> None:
    program = beating(
        "import signal, time; heart.beat(7 + rank)\n"
        "dead = Path('dead')\n"
        "if rank == 1: dead.touch(); os.kill(os.getpid(), signal.SIGKILL)\n"
        "while not dead.exists(): time.sleep(0.01)\n"
        "time.sleep(0.2); raise SystemExit('the ring broke')"
    )
    with pytest.raises(RankError, match=r"rank 1 of 2 was killed by SIGKILL .* in step 8"):
        _in(tmp_path, lambda: ring(program, 2, tmp_path))


@pytest.mark.parametrize("code", [ExitCode.DOCUMENT, ExitCode.DATA])
def test_a_programs_own_exit_code_is_kept_and_says_who_mends_it(
    tmp_path: Path, code: ExitCode
) -> None:
    with pytest.raises(RankError, match="Mend that and run again") as caught:
        ring(python(f"import sys; sys.exit({int(code)})"), 1, tmp_path)
    assert caught.value.exit_code == code


def test_a_number_that_is_not_finite_may_need_another_document(tmp_path: Path) -> None:
    with pytest.raises(RankError, match=r"Run again to resume .*, or change what it names in the"):
        ring(python("import sys; sys.exit(5)"), 1, tmp_path)


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RankError, match="No such file or directory: '/no/such/program'"):
        ring(["/no/such/program"], 1, tmp_path)


def test_a_rank_that_hangs_is_caught_and_named(tmp_path: Path) -> None:
    program = beating("heart.beat(42 if rank == 0 else 41)\nimport signal; signal.pause()")
    with pytest.raises(RingError, match=r"no rank made progress for 1 s .*rank 1 is behind"):
        ring(program, 2, tmp_path, silence_seconds=1.0)
    assert alive(processes(tmp_path, 2)) == []


def test_progress_keeps_a_slow_ring_alive(tmp_path: Path) -> None:
    progress = tmp_path / "progress.jsonl"
    program = python(
        "import sys, time\n"
        "for _ in range(20): open(sys.argv[1], 'a').write('x\\n'); time.sleep(0.1)"
    )
    ring([*program, str(progress)], 1, tmp_path, progress=progress, silence_seconds=1.5)


def test_a_lost_supervisor_takes_its_program_with_it_and_is_named(tmp_path: Path) -> None:
    program = beating(
        "heart.beat(3)\nimport signal\n"
        "if rank == 0: os.kill(os.getppid(), signal.SIGKILL)\nsignal.pause()"
    )
    with pytest.raises(RankError, match="rank 0 of 2 was lost with its supervisor"):
        ring(program, 2, tmp_path)
    wait_until(lambda: not alive(processes(tmp_path, 2)), 2)


def test_what_a_program_left_running_ends_with_it(tmp_path: Path) -> None:
    source = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid)"
    ring(python(source), 1, tmp_path)
    left = int((tmp_path / "ranks" / "0.out").read_text())
    wait_until(lambda: not alive([left]), 2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_to_the_launcher_asks_all_ranks_and_ends_them_in_five_seconds(
    number: signal.Signals, tmp_path: Path
) -> None:
    polite = (
        "import signal, sys, time\n"
        "def saved(*_): print('saved', flush=True); sys.exit(130)\n"
        "signal.signal(signal.SIGTERM, saved); print('ready', flush=True)\n"
        "while True: signal.pause()"
    )
    started = subprocess.Popen(launcher(python(polite), 2, tmp_path), stderr=subprocess.PIPE)
    ranks = [tmp_path / "ranks" / f"{rank}.out" for rank in range(2)]
    wait_until(lambda: all(out.exists() and "ready" in out.read_text() for out in ranks))
    pids = processes(tmp_path, 2)
    asked = time.monotonic()
    started.send_signal(number)
    _, said = started.communicate(timeout=10)
    assert time.monotonic() - asked < 5
    assert alive(pids) == []
    assert b"KeyboardInterrupt" in said
    assert all("saved" in out.read_text() for out in ranks)


def test_ranks_that_will_not_end_are_killed_in_five_seconds(tmp_path: Path) -> None:
    source = STUBBORN.replace("signal.pause()", "print('ready', flush=True); signal.pause()")
    started = subprocess.Popen(launcher(python(source), 2, tmp_path), stderr=subprocess.PIPE)
    ranks = [tmp_path / "ranks" / f"{rank}.out" for rank in range(2)]
    wait_until(lambda: all(out.exists() and "ready" in out.read_text() for out in ranks))
    pids = processes(tmp_path, 2)
    asked = time.monotonic()
    started.send_signal(signal.SIGINT)
    started.communicate(timeout=10)
    assert time.monotonic() - asked < 5
    assert alive(pids) == []


def test_killing_the_launcher_ends_all_ranks(tmp_path: Path) -> None:
    started = subprocess.Popen(launcher(python(WAIT), 2, tmp_path))
    pids = processes(tmp_path, 2)
    below = [child.pid for child in psutil.Process(started.pid).children(recursive=True)]
    started.kill()
    started.wait()
    wait_until(lambda: not alive(pids + below), 5)


def test_the_last_words_of_a_killed_launchers_ranks_do_not_replace_the_next_ones_record(
    tmp_path: Path,
) -> None:
    slow = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1.5), sys.exit(130)))\n"
        "print('ready', flush=True)\nwhile True: signal.pause()"
    )
    first = subprocess.Popen(launcher(python(slow), 1, tmp_path))
    out = tmp_path / "ranks" / "0.out"
    wait_until(lambda: out.exists() and "ready" in out.read_text())
    old = record(tmp_path, 0)
    first.kill()
    first.wait()
    second = subprocess.Popen(launcher(python(WAIT), 1, tmp_path))
    try:
        wait_until(lambda: record(tmp_path, 0)["supervisor"] != old["supervisor"])
        wait_until(lambda: not alive([old["supervisor"], old["program"]]))
        assert record(tmp_path, 0)["code"] is None
    finally:
        second.terminate()
        second.wait()


def test_no_secret_of_the_environment_shows_in_a_command_line(tmp_path: Path) -> None:
    source = (
        "import os, psutil\nfor p in psutil.process_iter(['cmdline']): print(p.info['cmdline'])"
    )
    ring(python(source), 2, tmp_path, environment={"FARANDOLE_S3_SECRET_KEY": "hunter" + "2"})
    said = "".join((tmp_path / "ranks" / f"{rank}.out").read_text() for rank in range(2))
    assert sys.executable in said
    assert "hunter2" not in said


def _in(folder: Path, act: Callable[[], None]) -> None:
    before = Path.cwd()
    os.chdir(folder)
    try:
        act()
    finally:
        os.chdir(before)
