"""Findings in MLflow: who logs them, and when."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from farandole.api.progress import Progress
from farandole.registry.tracking import Point, Run, TrackingError, open_tracker
from farandole.steps.observing.findings import Finding


class Log:
    """Logs findings to the one run of an identity, on a server.

    A local database has one writer while a ring trains, its rank 0, which takes the findings along
    (`farandole.steps.fitting.curves`): a process that only works when no other does would keep the
    database locked for as long as it has to wait, and the ring with it.
    """

    def __init__(self, address: str, identity: str, name: str, says: Progress) -> None:
        self._address = address
        self._identity = identity
        self._name = name
        self._says = says
        self._waiting: list[Finding] = []
        self._run: Run | None = None

    def found(self, finding: Finding) -> None:
        """Log a finding; what the server does not take goes with the next one, or with register."""
        self._waiting.append(finding)
        try:
            self._opened().log_metrics(points(self._waiting))
        except TrackingError as error:
            self._says.say(f"the evaluator goes on, and its figures are logged later: {error}")
            return
        self._waiting = []

    def _opened(self) -> Run:
        if self._run is None:
            self._run = open_tracker(self._address).run(self._identity, self._name, {})
        return self._run


def points(findings: Sequence[Finding]) -> list[Point]:
    """Return every figure of every finding at its checkpoint's step."""
    return [
        Point(f"observed.{name}", value, finding.step)
        for finding in findings
        for name, value in finding.metrics.items()
    ]


def served(address: str) -> bool:
    """Whether a server keeps the runs of this tracking address, and locks its database itself."""
    return urlsplit(address).scheme not in ("", "file", "sqlite")
