"""The report of a run, where a person finds it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from farandole.api import Outcome
from farandole.flows.state import State


def report_of(outcome: Outcome, state: State) -> Path | None:
    """Return a short path to the report; the store's own is too long for a line of a terminal.

    Where the short one cannot be written, the store's own it is: the outcome stands.
    """
    if outcome.report is None:
        return None
    kept = state.store / outcome.report
    report = state.reports / f"{outcome.name}-{outcome.identity[:12]}.html"
    try:
        if not report.exists():
            _copy(kept, report)
    except OSError:
        return kept if kept.is_file() else None
    return report


def _copy(kept: Path, report: Path) -> None:
    """Copy a report whole or not at all: half of one would pass for it ever after."""
    report.parent.mkdir(parents=True, exist_ok=True)
    half = report.with_name(f".{report.name}.{os.getpid()}")
    try:
        shutil.copyfile(kept, half)
        half.replace(report)
    finally:
        half.unlink(missing_ok=True)
