"""How runs ended, for tests that read it."""

from __future__ import annotations

from typing import Any

from farandole.api import Outcome


def outcome(**changes: Any) -> Outcome:
    """A promoted model that nobody compared; `changes` say what is other."""
    told: dict[str, Any] = {
        "identity": "ab" * 32,
        "name": "flowers",
        "verdict": "Promoted",
        "exit_code": 0,
        "registered_model": "flowers",
        "version": "1",
        "alias": "champion",
        "metric": "accuracy",
        "value": 0.9,
        "interval": None,
        "baselines": {},
        "report": None,
        "finished": "2026-01-01T00:00:00Z",
        "seconds": {},
        "sentence": "",
    }
    return Outcome(**told | changes)
