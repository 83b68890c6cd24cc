"""Ending a process that has TensorFlow in it."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def leave(code: int = 0) -> NoReturn:
    """End this process now, with all it wrote flushed; the last line of a rank's program.

    Python's own clean-up of a process with TensorFlow takes 3 s (measured, 2 busy cores), which is
    all the grace there is after Ctrl-C; there is nothing to clean. Nothing registered with
    `atexit` is called.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
