"""The calculator against published figures, and docs/scaling.md against the calculator."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "scaling.md"


@pytest.fixture(name="forecasts")
def _forecasts(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return import_module("forecasts")


def test_what_was_published_lies_between_no_overlap_and_full_overlap(forecasts: ModuleType) -> None:
    for each in forecasts.PUBLISHED:
        assert each.forecast(0.0) < each.seen < each.forecast(1.0), each


def test_half_overlap_is_within_three_points_of_what_was_published(forecasts: ModuleType) -> None:
    apart = [each.forecast(0.5) - each.seen for each in forecasts.PUBLISHED]
    assert max(map(abs, apart)) < 0.03


def test_the_page_shows_what_the_calculator_says(forecasts: ModuleType) -> None:
    """Mend with: make bench ONLY=scaling."""
    page = PAGE.read_text(encoding="utf-8")
    assert forecasts.published_table() in page
    assert forecasts.forecast_table() in page
