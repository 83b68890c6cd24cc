"""What evaluation found, as the report shows it; field names are evaluation's."""

from __future__ import annotations

from pydantic import Field

from farandole.report.view import View


class Interval(View):
    """A gain over another model and its bounds; above zero is better."""

    difference: float
    low: float
    high: float
    confidence: float


class Scored(View):
    """One model's value of the metric."""

    name: str
    title: str
    value: float
    low: float
    high: float
    gates: bool = False
    gain: Interval | None = None


class Comparison(View):
    """The model beside its baselines and references."""

    metric: str
    title: str
    higher_is_better: bool
    confidence: float
    rows: int
    clusters: int
    candidate: Scored
    rivals: tuple[Scored, ...]
    sentence: str


class ChampionComparison(View):
    """The model beside the champion, or why there is no comparison."""

    version: str
    comparable: bool
    rows: int
    clusters: int
    candidate: float | None = None
    champion: float | None = None
    gain: Interval | None = None
    minimum_gain: float | None = None
    sentence: str


class Decision(View):
    """The verdict and its sentences."""

    promote: bool
    verdict: str
    headline: str
    reasons: tuple[str, ...]
    comparison: Comparison | None = None
    champion: ChampionComparison | None = None


class ClassReport(View):
    """How well one class is found."""

    name: str
    precision: float
    recall: float
    f1: float
    rows: int


class Confusion(View):
    """Rows by true class (first) and predicted class (second)."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    each: tuple[ClassReport, ...]


class Roc(View):
    """One class against the rest."""

    name: str
    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]
    area: float


class Bin(View):
    """Rows whose stated probability falls between two bounds."""

    low: float
    high: float
    stated: float
    observed: float
    rows: int


class Calibration(View):
    """Whether stated probabilities come true."""

    of: str
    bins: tuple[Bin, ...]
    expected_error: float


class Residuals(View):
    """Predicted against true values of a sample of rows, and quantiles of the errors."""

    true: tuple[float, ...] = Field(max_length=2000)
    predicted: tuple[float, ...] = Field(max_length=2000)
    quantiles: dict[str, float]
