"""One frame with axes, lines and dots: every chart of the page but the tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from farandole.report.charts.scale import Scale, Tick


@dataclass(frozen=True)
class Line:
    """A polyline in pixels; `kind` is its style in the page."""

    kind: str
    name: str
    points: str


@dataclass(frozen=True)
class Dot:
    """A circle in pixels, with what a pointer resting on it is told."""

    kind: str
    x: float
    y: float
    radius: float
    title: str = ""


@dataclass(frozen=True)
class Frame:
    """Where the axes of a plot are, in pixels."""

    width: int
    height: int
    left: int = 58
    top: int = 24
    right: int = 16
    bottom: int = 44

    @property
    def x_end(self) -> int:
        """The right edge of the area between the axes."""
        return self.width - self.right

    @property
    def y_end(self) -> int:
        """The lower edge of the area between the axes."""
        return self.height - self.bottom


@dataclass(frozen=True)
class Plot:
    """A chart, ready to be drawn; `says` is its text for those who do not see it."""

    frame: Frame
    title: str
    says: str
    x_title: str
    y_title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...] = ()
    dots: tuple[Dot, ...] = ()
    rule: Tick | None = None  # a vertical line with a label

    @property
    def named(self) -> tuple[Line, ...]:
        """The lines that a key tells apart."""
        return tuple(line for line in self.lines if line.name)


def path(points: Iterable[tuple[float, float]], x: Scale, y: Scale) -> str:
    """The points of a polyline through values."""
    return " ".join(f"{x(a):g},{y(b):g}" for a, b in points)
