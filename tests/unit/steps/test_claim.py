from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from farandole.api.errors import FarandoleError
from farandole.api.progress import SILENT, Progress
from farandole.data.store import Store, open_store
from farandole.steps.claim import (
    TTL,
    Claim,
    ClaimLost,
    Held,
    Owner,
    claim,
    fence,
    release,
    renew,
    require,
)
from farandole.steps.following import follow, kept

IDENTITY = "ab" * 32


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path))


def elsewhere(run: str) -> Owner:
    return Owner(run=run, host=f"host-of-{run}", pid=1, started=0.0)


def claimed(store: Store, owner: Owner, now: float = 0.0) -> Claim:
    got = claim(store, IDENTITY, owner, now)
    assert isinstance(got, Claim)
    return got


def unexpected(error: FarandoleError) -> None:
    raise AssertionError(error)


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    tick = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "the condition was not met in time"
        tick.wait(0.005)


def test_the_first_run_claims_and_the_second_learns_who_holds_it(store: Store) -> None:
    first = claimed(store, elsewhere("one"))
    assert first.fence == 1
    assert claim(store, IDENTITY, elsewhere("two"), now=1.0) == Held(elsewhere("one"), since=0.0)


def test_a_run_has_its_own_claim_again(store: Store) -> None:
    first = claimed(store, elsewhere("one"))
    assert claimed(store, elsewhere("one"), now=5.0) == first


def test_of_many_runs_at_once_exactly_one_has_the_claim(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(
            pool.map(lambda n: claim(store, IDENTITY, elsewhere(str(n)), now=0.0), range(16))
        )
    assert sum(isinstance(one, Claim) for one in got) == 1


def test_of_many_takers_of_a_stale_claim_exactly_one_takes_it(store: Store) -> None:
    claimed(store, elsewhere("dead"))
    with ThreadPoolExecutor(8) as pool:
        got = list(
            pool.map(lambda n: claim(store, IDENTITY, elsewhere(str(n)), now=TTL + 1), range(16))
        )
    assert [one.fence for one in got if isinstance(one, Claim)] == [2]


def test_a_claim_is_taken_over_only_after_its_heartbeat_has_been_silent_too_long(
    store: Store,
) -> None:
    first = claimed(store, elsewhere("one"))
    renew(store, IDENTITY, first, now=100.0)
    assert isinstance(claim(store, IDENTITY, elsewhere("two"), now=100.0 + TTL), Held)
    assert claimed(store, elsewhere("two"), now=100.1 + TTL).fence == 2


def test_a_revived_writer_is_refused_and_told_who_goes_on(store: Store) -> None:
    first = claimed(store, elsewhere("one"))
    claimed(store, elsewhere("two"), now=TTL + 1)
    with pytest.raises(ClaimLost, match="run two on host-of-two"):
        renew(store, IDENTITY, first, now=TTL + 2)
    with pytest.raises(ClaimLost):
        require(store, IDENTITY, first)
    assert fence(store, IDENTITY) == 2


def test_a_released_claim_is_free_at_once(store: Store) -> None:
    release(store, IDENTITY, claimed(store, elsewhere("one")))
    assert claimed(store, elsewhere("two"), now=0.1).fence == 2


def test_a_claim_whose_process_was_killed_on_this_host_is_free_at_once(store: Store) -> None:
    script = "import os, sys\nos.setsid()\nprint(os.getpid(), flush=True)\nsys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        import psutil

        started = psutil.Process(process.pid).create_time()
        owner = Owner(run="one", host=socket.gethostname(), pid=process.pid, started=started)
        claimed(store, owner)
        assert isinstance(claim(store, IDENTITY, elsewhere("two"), now=0.1), Held)
        process.send_signal(signal.SIGKILL)
    assert claimed(store, elsewhere("two"), now=0.2).fence == 2


def test_another_process_with_the_same_number_is_not_mistaken_for_the_owner(store: Store) -> None:
    reused = Owner(run="one", host=socket.gethostname(), pid=os.getpid(), started=1.0)
    claimed(store, reused)
    assert claimed(store, elsewhere("two"), now=0.1).fence == 2


def test_the_second_run_follows_until_the_first_has_trained(tmp_path: Path, store: Store) -> None:
    claimed(store, elsewhere("one"), now=time.time())
    progress = Progress(tmp_path / "progress.jsonl", "claim")
    looks: list[float] = []
    assert (
        follow(
            store,
            IDENTITY,
            elsewhere("two"),
            trained=lambda: len(looks) >= 3,
            progress=progress,
            pause=looks.append,
        )
        is None
    )
    said = (tmp_path / "progress.jsonl").read_text().splitlines()
    assert len(said) == 1
    assert "following it" in said[0]


def test_the_second_run_goes_on_when_the_first_ends_without_a_result(store: Store) -> None:
    first = claimed(store, elsewhere("one"), now=time.time())
    got = follow(
        store,
        IDENTITY,
        elsewhere("two"),
        trained=lambda: False,
        progress=SILENT,
        pause=lambda _: release(store, IDENTITY, first),
    )
    assert got is not None
    assert got.fence == 2


def test_a_run_that_ended_between_the_look_and_the_claim_is_not_repeated(store: Store) -> None:
    looks = iter([False, True])
    owner = elsewhere("two")
    assert follow(store, IDENTITY, owner, lambda: next(looks), SILENT) is None
    assert claimed(store, elsewhere("three"), now=time.time()).fence == 2


def test_a_kept_claim_is_heard_of_while_the_step_works(store: Store) -> None:
    looks = list[float]()

    def hurried() -> float:
        looks.append(TTL * 2 * len(looks))
        return looks[-1]

    with kept(store, IDENTITY, Owner.here("one"), unexpected, interval=0.005, clock=hurried):
        until(lambda: len(looks) > 3)
    assert isinstance(claim(store, IDENTITY, elsewhere("two"), now=looks[-1] + 1), Held)


def test_a_step_whose_claim_was_taken_over_is_told_while_it_works(store: Store) -> None:
    owner, lost = Owner.here("one"), list[FarandoleError]()
    claimed(store, owner)
    with kept(store, IDENTITY, owner, lost.append, interval=0.005, clock=lambda: 0.0):
        claimed(store, elsewhere("two"), now=10 * TTL)
        until(lambda: bool(lost))
    assert isinstance(lost[0], ClaimLost)


def test_a_leader_outside_this_pid_namespace_is_not_taken_for_one_that_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getsid", lambda _: 0)  # as in `docker exec`
    unseen = Owner.here("one")
    assert not unseen.gone()
    claimed(store, unseen)
    assert isinstance(claim(store, IDENTITY, elsewhere("two"), now=0.1), Held)
    assert claimed(store, elsewhere("two"), now=TTL + 1).fence == 2


def test_a_step_ends_when_the_process_that_drives_it_is_gone(store: Store) -> None:
    lost = list[FarandoleError]()
    driven = Owner(run="one", host=socket.gethostname(), pid=2**22 + 1, started=1.0)
    with kept(store, IDENTITY, driven, lost.append, interval=0.005, clock=lambda: 0.0):
        until(lambda: bool(lost))
    assert "driving process" in str(lost[0])


def test_a_step_of_a_run_that_lost_its_claim_does_not_begin(store: Store) -> None:
    claimed(store, elsewhere("one"))
    claimed(store, elsewhere("two"), now=TTL + 1)
    with (
        pytest.raises(ClaimLost),
        kept(store, IDENTITY, elsewhere("one"), unexpected, clock=lambda: TTL + 2),
    ):
        pytest.fail("the step began")


def test_a_step_that_fails_gives_the_claim_back(store: Store) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        kept(store, IDENTITY, elsewhere("one"), unexpected, clock=lambda: 0.0),
    ):
        raise ZeroDivisionError
    assert claimed(store, elsewhere("two"), now=0.1).fence == 2
