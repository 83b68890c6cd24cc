"""Keep what libraries print by themselves away from a person, and show what matters instead."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from farandole.api import FarandoleError, Progress
from farandole.flows.events import Advanced, Event, Said


class Shown(Progress):
    """Progress of this very process: events are handed over instead of being written."""

    def __init__(self, step: str, watch: Callable[[Event], None]) -> None:
        super().__init__(path=None, step=step)
        self._watch = watch

    def update(
        self, phase: str, done: int, total: int | None, unit: str = "rows", **_more: Any
    ) -> None:
        """Hand over how far a phase is."""
        self._watch(Advanced(self.step, phase, done, total, unit))

    def say(self, message: str) -> None:
        """Hand over one sentence."""
        self._watch(Said(self.step, message))


@contextmanager
def without_chatter() -> Iterator[TextIO]:
    """Give the real standard error, while whatever else writes there is kept back.

    TensorFlow greets on the file descriptor before it reads any setting. What was kept back is
    shown after all when the work ends with an error that is no message for a person.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with os.fdopen(kept, "w", encoding="utf-8") as real, tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield real
        except (FarandoleError, KeyboardInterrupt):
            raise
        except BaseException:
            held.seek(0)
            real.write(held.read().decode(errors="replace"))
            raise
        finally:
            sys.stderr.flush()
            real.flush()
            os.dup2(kept, 2)
