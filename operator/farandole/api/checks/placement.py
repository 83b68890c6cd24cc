"""Whether the workers fit the lanes of the recipe."""

from __future__ import annotations

from collections.abc import Iterator

from farandole.api.checks.finding import Finding
from farandole.api.errors import Problem
from farandole.api.model import ModelSpec

_READS = ("recipe.training.lanes", "recipe.training.globalBatch")


def placement_findings(spec: ModelSpec) -> Iterator[Finding]:
    """Refuse more workers than lanes, at the start and at any elastic size."""
    lanes = spec.recipe.training.lane_count()
    workers, elastic = spec.placement.workers, spec.placement.elastic
    advice = f"take at most {lanes} workers, or more lanes in recipe.training.lanes"
    if workers > lanes:
        problem = Problem("placement.workers", f"{workers}", f"at most {lanes}, the lanes", advice)
        yield Finding(problem, _READS)
    if elastic is not None and elastic.max > lanes:
        path = "placement.elastic.max"
        yield Finding(Problem(path, f"{elastic.max}", f"at most {lanes}, the lanes"), _READS)
