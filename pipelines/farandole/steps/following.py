"""A second run of one identity waits for the first; a run keeps its claim while a step works."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from farandole.api.errors import FarandoleError, RingError
from farandole.api.progress import Progress
from farandole.data.store import Store
from farandole.steps.claim import Claim, ClaimLost, Held, Owner, claim, release, renew

PAUSE = 1.0
"""Seconds between two looks at a claim that another run holds."""

HEARTBEAT = 5.0
"""Seconds between two heartbeats; a twelfth of what a claim survives without one."""


def follow(
    store: Store,
    identity: str,
    owner: Owner,
    trained: Callable[[], bool],
    progress: Progress,
    clock: Callable[[], float] = time.time,
    pause: Callable[[float], None] = time.sleep,
) -> Claim | None:
    """Wait until this run has the claim, or until another one has trained the identity (None)."""
    announced: str | None = None
    while not trained():
        got = claim(store, identity, owner, clock())
        if isinstance(got, Claim):
            return _unless_trained(store, identity, got, trained)
        if got.by.run != announced:
            announced = got.by.run
            progress.say(_following(identity, got))
        pause(PAUSE)
    return None


@contextmanager
def kept(
    store: Store,
    identity: str,
    owner: Owner,
    lost: Callable[[FarandoleError], None],
    interval: float = HEARTBEAT,
    clock: Callable[[], float] = time.time,
) -> Iterator[Claim]:
    """Keep the run's claim while a step works; `lost` is called from a thread when that fails.

    Raises `ClaimLost` at once when another run has taken the identity over. A step that fails
    gives the claim back.
    """
    mine = _own(store, identity, owner, clock())
    done = threading.Event()

    def beat() -> None:
        while not done.wait(interval):
            try:
                _go_on(store, identity, mine, clock())
            except FarandoleError as error:
                lost(error)
                return

    keeper = threading.Thread(target=beat, name="claim", daemon=True)
    keeper.start()
    try:
        yield mine
    except BaseException:
        release(store, identity, mine)
        raise
    finally:
        done.set()
        keeper.join()


def _unless_trained(
    store: Store, identity: str, mine: Claim, trained: Callable[[], bool]
) -> Claim | None:
    """Look once more: the run that was followed may have ended between the look and the claim."""
    if not trained():
        return mine
    release(store, identity, mine)
    return None


def _own(store: Store, identity: str, owner: Owner, now: float) -> Claim:
    got = claim(store, identity, owner, now)
    if isinstance(got, Held):
        raise ClaimLost(identity, owner.run, got.by)
    renew(store, identity, got, now)
    return got


def _go_on(store: Store, identity: str, mine: Claim, now: float) -> None:
    if mine.owner.gone():
        raise RingError(
            f"run {mine.owner.run}: expected its driving process {mine.owner.pid} to be there, "
            "found it ended; this step ends too, and the next run goes on from here"
        )
    renew(store, identity, mine, now)


def _following(identity: str, held: Held) -> str:
    since = time.strftime("%H:%M:%S", time.localtime(held.since))
    return (
        f"Another run on {held.by.host} (pid {held.by.pid}) has been training identity "
        f"{identity[:12]} since {since}; following it."
    )
