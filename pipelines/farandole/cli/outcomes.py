"""An outcome as machines read it."""

from __future__ import annotations

from typing import Any

from farandole.api import Outcome
from farandole.flows.reports import report_of
from farandole.flows.state import State


def outcome_json(outcome: Outcome, state: State) -> dict[str, Any]:
    """Return an outcome as a JSON object, with the report's path on this machine for its key."""
    report = report_of(outcome, state)
    return {
        **outcome.model_dump(mode="json"),
        "report": str(report.absolute()) if report else None,
    }
