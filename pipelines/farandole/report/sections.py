"""What the report tells besides the evidence: the request, the data, the training, the lineage.

Everything that can grow is bounded here, so that a page stays below 3 MB whatever the run.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from farandole.report.view import View

Thumbnail = Annotated[
    str,
    Field(max_length=12_000, pattern=r"^(/9j/|iVBORw0KGgo)[A-Za-z0-9+/]+={0,2}$"),
]
"""A small JPEG or PNG in base64, as `farandole.report.thumbnails.thumbnail` makes it."""


class Fact(View):
    """A name and what is so."""

    name: str
    value: str


class Registered(View):
    """Where the model is in the registry; `alias` None: no alias points at it."""

    model: str
    version: str
    alias: str | None = None


class Asked(View):
    """What was asked for: the document, and its choices in short."""

    document: str = Field(max_length=40_000, description="The document as it was written.")
    summary: tuple[Fact, ...] = Field(max_length=40)


class SplitRows(View):
    """One split: its rows, its share, and its rows of each class (empty for values)."""

    name: str
    rows: int
    asked: float | None = Field(default=None, description="Share that the document asked for.")
    counts: dict[str, int] = Field(default_factory=dict)


class Sample(View):
    """A picture from train."""

    image: Thumbnail
    label: str
    path: str


class Skipped(View):
    """A row that was left out."""

    path: str
    reason: str


class ColumnSummary(View):
    """One column of a table: what it was taken for."""

    name: str
    kind: str
    role: str = "feature"
    missing: int = 0
    distinct: int = 0
    notice: str = ""


class DataSummary(View):
    """The data, how it was split, and what was left out."""

    facts: tuple[Fact, ...] = Field(max_length=20)
    splits: tuple[SplitRows, ...]
    samples: tuple[Sample, ...] = Field(default=(), max_length=96)
    columns: tuple[ColumnSummary, ...] = Field(default=(), max_length=500)
    skipped: tuple[Skipped, ...] = Field(default=(), max_length=200, description="The first few.")
    skipped_rows: int = Field(default=0, description="How many were left out in all.")
    ignored: dict[str, int] = Field(default_factory=dict, description="Files by why not read.")
    notices: tuple[str, ...] = Field(default=(), max_length=100)

    @property
    def rows(self) -> int:
        """Rows of all splits."""
        return sum(split.rows for split in self.splits)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of all splits, in the order in which they come."""
        return tuple(dict.fromkeys(name for split in self.splits for name in split.counts))

    @property
    def rows_of(self) -> dict[str, int]:
        """Rows of each class in all splits."""
        return {
            name: sum(split.counts.get(name, 0) for split in self.splits) for name in self.classes
        }


class Shift(View):
    """How one figure of the data moved since the champion was trained."""

    name: str
    kind: str = Field(description="column, class share, feature mean, class")
    before: str
    now: str
    measure: float | None = Field(default=None, description="Population stability index.")
    level: Literal["none", "some", "much"]


class Drift(View):
    """The new data against the champion's."""

    sentence: str
    shifts: tuple[Shift, ...] = Field(max_length=200)


class Epoch(View):
    """Figures of one epoch, by name; `loss` is among them."""

    epoch: int
    train: dict[str, float]
    validation: dict[str, float] = Field(default_factory=dict)


class Observation(View):
    """Validation figures of one checkpoint, found beside the ring; `epoch` may be half-way."""

    epoch: float
    figures: dict[str, float]


class Learning(View):
    """The learning curves."""

    history: tuple[Epoch, ...] = Field(max_length=10_000)
    observed: tuple[Observation, ...] = Field(default=(), max_length=1_000)
    best_epoch: int | None = None
    sentence: str = Field(description="How training went and why it ended.")


class Trial(View):
    """One set of parameters; number 0 is the document's own; `value` None: it failed."""

    number: int
    parameters: dict[str, float | int | str]
    value: float | None
    failure: str = ""


class Tuning(View):
    """The search on validation rows."""

    metric: str
    higher_is_better: bool
    trials: tuple[Trial, ...] = Field(max_length=500)
    chosen: int = Field(description="The number of the trial that was trained in full.")
    sentence: str


class Mistake(View):
    """A row that the model got wrong: a picture, or a table row's few telling columns."""

    path: str
    true: str
    predicted: str
    probability: float | None = None
    image: Thumbnail | None = None
    columns: dict[str, str] = Field(default_factory=dict, max_length=8)


class Spent(View):
    """Where time went; `within` names the phase that this one is a part of."""

    phase: str
    seconds: float
    within: str | None = None


class Wire(View):
    """What lies between ranks, as it was measured before training."""

    latency_seconds: float
    bytes_per_second: float


class Cost(View):
    """An estimate: the time of all ranks at the price that the document gives."""

    amount: float
    currency: str
    price: float = Field(description="Of one worker for one hour.")


class Efficiency(View):
    """Where the time of the training went on its ranks; field names are the ring's.

    `seconds` are means over ranks and add up to `total`.
    """

    ranks: int
    steps: int
    rows: str = Field(default="rows", description="What a row is called: rows, images.")
    total: float
    seconds: dict[str, float] = Field(max_length=20)
    step_seconds: float
    rows_per_second: float
    parallel: float
    reduction_seconds: float
    bytes_per_step: int
    wire: Wire | None = None
    wire_seconds: float | None = None
    of_wire: float | None = None
    cost: Cost | None = None
