"""The evaluator: follows the checkpoints of a training until its ring has ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from farandole.api.progress import Progress
from farandole.launch.beside import Ring
from farandole.ring.checkpoints import Checkpoint, Place
from farandole.steps.observing.findings import Finding, Findings
from farandole.steps.observing.watch import Watch

LOOK = 1.0  # seconds between two looks at the checkpoints
REST = 3  # times as long as a scoring took, so that the evaluator is at work a quarter of the time


@dataclass
class Evaluator:
    """Scores the newest checkpoint, whichever that is, and keeps count of the rest."""

    watch: Watch
    ring: Ring
    findings: Findings
    progress: Progress
    score: Callable[[Checkpoint, Callable[[], None]], dict[str, float]]
    found: Callable[[Finding], None] = lambda _: None
    clock: Callable[[], float] = time.time
    _looked: float = 0.0
    _told: int = 0

    def follow(self, pause: Callable[[float], None] = time.sleep) -> None:
        """Score until the ring has ended, and then the newest checkpoint once more."""
        while True:
            ended = self.ring.ended  # before the look: what there was at the end is seen by it
            self.watch.look()
            place = self.watch.newest()
            if place is not None:
                self._rest(self._take(place), pause)
            elif ended:
                return
            else:
                pause(LOOK)

    def _take(self, place: Place) -> float:
        """Score a checkpoint, where it reads; returns the seconds that it took."""
        began = self.clock()
        checkpoint = self.watch.read(place)
        if checkpoint is not None:
            metrics = self.score(checkpoint, self._look)
            self._keep(place, metrics, began)
        return self.clock() - began

    def _rest(self, seconds: float, pause: Callable[[float], None]) -> None:
        """Leave the ring alone for a while, and go on looking what there is."""
        for _ in range(int(REST * seconds / LOOK)):
            if self.ring.ended:
                return
            pause(LOOK)
            self.watch.look()

    def _keep(self, place: Place, metrics: dict[str, float], began: float) -> None:
        now = self.clock()
        complete, skipped = self.watch.close(place)
        finding = Finding(
            step=place.step,
            metrics=metrics,
            steps_behind=max(0, (self.ring.step or place.step) - place.step),
            seconds_behind=round(max(0.0, now - complete), 3),
            seconds=round(now - began, 3),
            skipped=skipped,
            lost=self.watch.lost,
            torn=self.watch.torn,
        )
        self.watch.lost = self.watch.torn = 0
        self.findings.add(finding)
        self.found(finding)
        self._say(finding)

    def _say(self, finding: Finding) -> None:
        behind = {"step": finding.step, "behind": finding.steps_behind}
        skipped, scored = self.findings.skipped, len(self.findings.all)
        self.progress.update("observed", scored, None, "checkpoints", at=behind, skipped=skipped)
        if skipped > 2 * self._told:
            self._told = skipped
            self.progress.say(
                f"the evaluator is {finding.steps_behind} steps behind the ring and has passed "
                f"over {skipped} of {skipped + scored} checkpoints"
            )

    def _look(self) -> None:
        now = self.clock()
        if now - self._looked >= LOOK:
            self._looked = now
            self.watch.look()
