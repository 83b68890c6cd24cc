"""What the tracker tests share: a folder to register, and clients that die or are raced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from farandole.registry.tracking import open_tracker

OWNER = "laptop/stamps"


def model_folder(place: Path, text: str = "network") -> Path:
    """Write a folder that a tracker may register; what is in it does not matter to one."""
    folder = place / "model"
    (folder / "artifacts").mkdir(parents=True, exist_ok=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    (folder / "artifacts" / "bundle.json").write_text(text)
    return folder


def register_three(place: Path) -> None:
    """Register one identity under three names in the MLflow folder `place` and promote each."""
    tracker = open_tracker(str(place))
    for number in range(3):
        version = tracker.register(f"model-{number}", "same", place / "model", {}, OWNER)
        tracker.promote(version, "champion", OWNER)


class Killed(BaseException):
    """The process is gone: nothing may catch this and go on."""


READS = ("get_", "search_", "list_", "download_")


class WatchedClient:
    """An MLflow client that reports every call that writes, before it and after it."""

    def __init__(self, client: Any, watch: Callable[[str], None]) -> None:
        self._client = client
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if name.startswith(READS):
            return method

        def call(*arguments: Any, **named: Any) -> Any:
            self._watch(f"before {name}")
            answer = method(*arguments, **named)
            self._watch(f"after {name}")
            return answer

        return call


def unwatched(moment: str) -> None:
    """Let every moment pass."""


class KillAt:
    """Kills at the given moment, counted from 0; None only records them all."""

    def __init__(self, moment: int | None = None) -> None:
        self.moment = moment
        self.moments: list[str] = []

    def __call__(self, name: str) -> None:
        self.moments.append(name)
        if len(self.moments) - 1 == self.moment:
            raise Killed(name)
