"""One run per identity: the first claims it, a second follows, a claim left behind is taken over.

A claim is a numbered file that only one writer can create, so that taking over is as atomic as
claiming. The number is the fence: whoever holds an older one is refused.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

import psutil
from pydantic import BaseModel, ConfigDict

from farandole.api.errors import DataError
from farandole.data.store import Store

TTL = 60.0
"""Seconds without a heartbeat after which a claim of another host counts as left behind."""


class Owner(BaseModel):
    """The run that holds a claim, and the process that drives its steps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    host: str
    pid: int
    started: float

    @classmethod
    def here(cls, run: str) -> Owner:
        """Return the owner of a run whose steps are driven by the leader of this session.

        The local runner opens a session of its own; on a cluster the leader is the pod's first
        process, which other pods cannot see, so that there only the heartbeat counts. So it does
        where the leader is outside this pid namespace, as under `docker exec`: getsid(2) says 0.
        """
        pid = os.getsid(0)
        return cls(run=run, host=socket.gethostname(), pid=pid, started=_started(pid) or 0.0)

    def gone(self) -> bool:
        """Whether the driving process ran on this host, could be seen from here, and has ended."""
        seen = self.pid > 0 and self.host == socket.gethostname()
        return seen and _started(self.pid) != self.started


class Claim(BaseModel):
    """The right to train one identity; a higher `fence` refuses it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: Owner
    fence: int
    since: float


@dataclass(frozen=True)
class Held:
    """Another run has the claim."""

    by: Owner
    since: float


class ClaimLost(DataError):  # noqa: N818  the name says what is so
    """Another run took this identity over while this one was not heard of."""

    def __init__(self, identity: str, mine: str, current: Owner) -> None:
        super().__init__(
            f"identity {identity[:12]}: expected the claim of run {mine} to stand, received that "
            f"of run {current.run} on {current.host} (pid {current.pid}), which took over after "
            f"{TTL:.0f} s of silence and goes on with what was finished here: run the document "
            "again to follow it"
        )


def claim(
    store: Store,
    identity: str,
    owner: Owner,
    now: float,
    ttl: float = TTL,
    gone: Callable[[Owner], bool] = Owner.gone,
) -> Claim | Held:
    """Claim an identity for a run, or say which run holds it; a run has its own claim again."""
    current = latest(store, identity)
    if current is not None and not _free(store, identity, current, now, ttl, gone):
        same = current.owner.run == owner.run
        return current if same else Held(by=current.owner, since=current.since)
    mine = Claim(owner=owner, fence=current.fence + 1 if current else 1, since=now)
    if store.put_if_absent(_key(identity, mine.fence), mine.model_dump_json().encode()):
        return mine
    return claim(store, identity, owner, now, ttl, gone)


def renew(store: Store, identity: str, mine: Claim, now: float) -> None:
    """Write the heartbeat of a claim; raises `ClaimLost` when another run has taken it over."""
    require(store, identity, mine)
    store.put(_key(identity, mine.fence, "beat"), repr(now).encode())


def require(store: Store, identity: str, mine: Claim) -> None:
    """Raise `ClaimLost` unless `mine` is the claim that stands."""
    current = latest(store, identity)
    if current is None or current.fence != mine.fence:
        raise ClaimLost(identity, mine.owner.run, (current or mine).owner)


def release(store: Store, identity: str, mine: Claim) -> None:
    """Give the claim back, so that the next run of this identity need not wait."""
    store.put(_key(identity, mine.fence, "released"), b"")


def latest(store: Store, identity: str) -> Claim | None:
    """Return the claim with the highest fence, released or not."""
    keys = [entry.key for entry in store.list(f"runs/{identity}/claim/")]
    claims = sorted(key for key in keys if key.endswith(".json"))
    return Claim.model_validate_json(store.get(claims[-1])) if claims else None


def fence(store: Store, identity: str) -> int:
    """Return the fencing number that checkpoints of this identity are written under now."""
    current = latest(store, identity)
    return current.fence if current else 0


def _free(
    store: Store,
    identity: str,
    current: Claim,
    now: float,
    ttl: float,
    gone: Callable[[Owner], bool],
) -> bool:
    if store.exists(_key(identity, current.fence, "released")) or gone(current.owner):
        return True
    beat = _key(identity, current.fence, "beat")
    heard = float(store.get(beat)) if store.exists(beat) else current.since
    return now - heard > ttl


def _started(pid: int) -> float | None:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None


def _key(identity: str, fence: int, kind: str = "json") -> str:
    return f"runs/{identity}/claim/{fence:08d}.{kind}"
