"""The report of a run, where a person finds it."""

from __future__ import annotations

import shutil
from pathlib import Path

from farandole.api import Outcome
from farandole.flows.state import State


def report_of(outcome: Outcome, state: State) -> Path | None:
    """Return a short path to the report; the store's own is too long for a line of a terminal."""
    if outcome.report is None:
        return None
    report = state.reports / f"{outcome.name}-{outcome.identity[:12]}.html"
    if not report.exists():
        report.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(state.store / outcome.report, report)
    return report
