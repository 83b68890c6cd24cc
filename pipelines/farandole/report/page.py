"""The page: one HTML file that needs nothing else, not even a network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from farandole.report import wording
from farandole.report.charts.bars import Bars, bars
from farandole.report.charts.curves import learning_plots, tuning_plot
from farandole.report.charts.forest import Forest, forest
from farandole.report.charts.matrix import Cell, Pair, cells, pairs
from farandole.report.charts.plot import Plot
from farandole.report.charts.squares import calibration_plot, residual_plot, roc_plot
from farandole.report.charts.stack import Stack, stack
from farandole.report.document import ReportData

TONES = {
    "Promoted": "good",
    "ManualPromotion": "open",
    "NotComparable": "open",
}
FILTERS = (
    "figure",
    "signed",
    "count",
    "share",
    "percent",
    "duration",
    "moment",
    "size",
    "money",
    "words",
)
SECTIONS = (
    ("comparison", "How it compares"),
    ("asked", "What was asked"),
    ("data", "Data and splits"),
    ("drift", "Drift"),
    ("learning", "Learning curves"),
    ("tuning", "Tuning"),
    ("errors", "Where it errs"),
    ("mistakes", "Worst mistakes"),
    ("time", "Where the time went"),
    ("lineage", "Lineage"),
    ("trust", "How far to trust this"),
)


@dataclass(frozen=True)
class Charts:
    """All charts of one report; None or empty where there was nothing to draw."""

    forest: Forest | None
    learning: tuple[Plot, ...]
    tuning: Plot | None
    roc: Plot | None
    calibration: Plot | None
    residuals: Plot | None
    cells: tuple[tuple[Cell, ...], ...] | None
    pairs: tuple[Pair, ...]
    time: Bars
    efficiency: Stack | None


def render(data: ReportData) -> str:
    """The report as one HTML page: no scripts, and nothing that is loaded from anywhere.

    The same data give the same bytes. All text is escaped, whoever wrote it.
    """
    page = _environment().get_template("page.html")
    tone = TONES.get(data.decision.verdict, "bad")
    return page.render(report=data, charts=_charts(data), sections=SECTIONS, tone=tone)


def _charts(data: ReportData) -> Charts:
    comparison = data.decision.comparison
    return Charts(
        forest=forest(comparison, data.decision.champion) if comparison else None,
        learning=learning_plots(data.learning) if data.learning else (),
        tuning=tuning_plot(data.tuning) if data.tuning else None,
        roc=roc_plot(data.roc) if data.roc else None,
        calibration=calibration_plot(data.calibration) if data.calibration else None,
        residuals=residual_plot(data.residuals) if data.residuals else None,
        cells=cells(data.confusion) if data.confusion else None,
        pairs=pairs(data.confusion) if data.confusion else (),
        time=bars(data.spent),
        efficiency=stack(data.efficiency) if data.efficiency else None,
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for each in FILTERS:
        environment.filters[each] = getattr(wording, each)
    return environment
