"""Ending on request: SIGTERM and SIGINT become a wish that `fit` shares with all ranks."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from types import FrameType


@dataclass
class StopRequest:
    """False until this process is asked to end; pass it to `fit` as `stop`."""

    _asked: bool = field(default=False)

    def __call__(self) -> bool:
        """Return whether somebody asked."""
        return self._asked

    def ask(self, number: int = 0, frame: FrameType | None = None) -> None:  # noqa: ARG002
        """Ask; the form is that of a signal's handler."""
        self._asked = True


def stop_on_signals() -> StopRequest:
    """Turn SIGTERM and SIGINT into a request to stop after a checkpoint, in the main thread."""
    request = StopRequest()
    signal.signal(signal.SIGTERM, request.ask)
    signal.signal(signal.SIGINT, request.ask)
    return request
