"""What holds for all tests: where CI says what it must have, nothing may be skipped."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from typing import Any

import pytest

# Ranks that are threads wait for each other inside TensorFlow's operations, so it must have more
# threads than there are ranks; it reads this once, whichever test loads it first.
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "12")

# A shell that starts us in the background ignores SIGINT, and programs inherit that: none that
# tests start would hear Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

MAY_BE_MISSING = "right to mount"  # a container may refuse it to root


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where FARANDOLE_REQUIRE is set, as CI does."""
    report = yield
    if report.skipped and os.environ.get("FARANDOLE_REQUIRE") and not _excused(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"nothing may be skipped here, but this was: {report.longrepr}"
    return report


def _excused(reason: Any) -> bool:
    return MAY_BE_MISSING in str(reason)
