"""The champion: the version that an alias points at, as the next candidate meets it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from farandole.registry import lineage
from farandole.registry.artifact import STATISTICS
from farandole.registry.lineage import Lineage
from farandole.registry.loading import ALIAS, LoadedModel
from farandole.registry.tracking import Tracker, Version


@dataclass(frozen=True)
class Champion:
    """A registered version with what a candidate is compared on; all but `version` is lazy."""

    tracker: Tracker
    version: Version

    @property
    def identity(self) -> str:
        """Identity of the recipe and data it was trained from."""
        return self.version.identity

    @cached_property
    def model(self) -> LoadedModel:
        """The artifact itself: `predict(rows)`, and its settings in `bundle`."""
        return LoadedModel(self.tracker.fetch(self.version))

    @property
    def task(self) -> str:
        """Task kind of its document."""
        return str(self.model.bundle["task"])

    @property
    def metric(self) -> str:
        """The metric its document declares."""
        return str(self.model.bundle["metric"])

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes in label order; none for regression."""
        return tuple(self.model.bundle["classes"])

    @cached_property
    def statistics(self) -> dict[str, Any]:
        """Statistics of its train rows, to compare new data with."""
        path = self.tracker.fetch(self.version, STATISTICS)
        statistics: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return statistics

    @cached_property
    def lineage(self) -> Lineage:
        """What led to it."""
        return lineage.read(self.tracker, self.version)

    @cached_property
    def seen(self) -> frozenset[str]:
        """Digests of the rows that any of its fitted parts has seen."""
        return self.lineage.seen()


def champion(tracker: Tracker, name: str, alias: str = ALIAS) -> Champion | None:
    """Find the champion of a registered model; None when nobody was promoted yet."""
    version = tracker.at(name, alias)
    return None if version is None else Champion(tracker, version)
