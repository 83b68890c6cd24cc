"""Ending a process that has TensorFlow in it."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

from farandole.api.errors import FarandoleError


def leave(code: int = 0) -> NoReturn:
    """End this process now, with all it wrote flushed; the last line of a rank's program.

    Python's own clean-up of a process with TensorFlow takes 3 s (measured, 2 busy cores), which is
    all the grace there is after Ctrl-C; there is nothing to clean. Nothing registered with
    `atexit` is called.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def leave_after(program: Callable[[], int]) -> NoReturn:
    """Leave with what a rank's program returns, or with the code and message of its error.

    An error that nobody expected leaves as fast as any other, with code 1 and its traceback: else
    the ranks that notice it end first, and are blamed.
    """
    try:
        code = program()
    except FarandoleError as error:
        print(error, file=sys.stderr)
        code = error.exit_code
    except Exception:
        traceback.print_exc()
        code = 1
    leave(code)
