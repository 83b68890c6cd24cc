"""Square plots with a diagonal: ROC, calibration, predicted against true."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from farandole.report.charts.plot import Dot, Frame, Line, Plot, path
from farandole.report.charts.scale import Scale, scale_of
from farandole.report.evidence import Calibration, Residuals, Roc
from farandole.report.wording import figure, share

_FRAME = Frame(width=420, height=400, left=64)
CURVES = 6  # more lines than that are not told apart


def roc_plot(curves: Sequence[Roc]) -> Plot:
    """ROC curves; of many classes the ones with the least area, which are the ones to look at."""
    x, y = _unit()
    shown = sorted(curves, key=lambda curve: curve.area)[:CURVES]
    lines = [
        Line(f"series-{at}", f"{each.name}: area {figure(each.area)}", _points(each, x, y))
        for at, each in enumerate(shown)
    ]
    areas = ", ".join(f"{curve.name} {figure(curve.area)}" for curve in shown)
    return Plot(
        frame=_FRAME,
        title="ROC",
        says=f"True positive rate by false positive rate; area {areas}",
        x_title="false positive rate",
        y_title="true positive rate",
        x_ticks=x.ticks(),
        y_ticks=y.ticks(),
        lines=(_diagonal(x, y), *lines),
    )


def calibration_plot(calibration: Calibration) -> Plot:
    """Observed share by stated probability; a dot's area is its number of rows."""
    x, y = _unit()
    most = max((each.rows for each in calibration.bins), default=1)
    dots = tuple(
        Dot(
            "model",
            x(each.stated),
            y(each.observed),
            round(3 + 9 * sqrt(each.rows / most), 1),
            f"{each.rows} rows: stated {share(each.stated)}, observed {share(each.observed)}",
        )
        for each in calibration.bins
    )
    joined = path([(each.stated, each.observed) for each in calibration.bins], x, y)
    return Plot(
        frame=_FRAME,
        title="Calibration",
        says=f"Observed share by stated probability; mean gap {figure(calibration.expected_error)}",
        x_title="stated probability",
        y_title="observed share",
        x_ticks=x.ticks(),
        y_ticks=y.ticks(),
        lines=(_diagonal(x, y), Line("thin", "", joined)),
        dots=dots,
    )


def residual_plot(residuals: Residuals) -> Plot:
    """Predicted against true values; on the diagonal a prediction is right."""
    values = [*residuals.true, *residuals.predicted]
    x = scale_of(values, _FRAME.left, _FRAME.x_end)
    y = Scale(x.low, x.high, _FRAME.y_end, _FRAME.top)
    dots = tuple(
        Dot("cloud", x(true), y(said), 2.5)
        for true, said in zip(residuals.true, residuals.predicted, strict=True)
    )
    return Plot(
        frame=_FRAME,
        title="Predicted against true",
        says=f"Predicted against true values of {len(dots)} rows",
        x_title="true value",
        y_title="predicted value",
        x_ticks=x.ticks(4),
        y_ticks=y.ticks(4),
        lines=(_diagonal(x, y),),
        dots=dots,
    )


def _unit() -> tuple[Scale, Scale]:
    return (
        Scale(-0.02, 1.02, _FRAME.left, _FRAME.x_end),
        Scale(-0.02, 1.02, _FRAME.y_end, _FRAME.top),
    )


def _diagonal(x: Scale, y: Scale) -> Line:
    return Line("diagonal", "", path([(x.low, x.low), (x.high, x.high)], x, y))


def _points(curve: Roc, x: Scale, y: Scale) -> str:
    return path(zip(curve.false_positive_rate, curve.true_positive_rate, strict=True), x, y)
