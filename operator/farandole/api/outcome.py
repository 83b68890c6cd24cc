"""How a run ended: what was measured, what was decided, and where it can be read."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from farandole.api.errors import ExitCode


class Gain(BaseModel):
    """What the model gains over one rival, on the metric's own scale; above zero is better."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    difference: float = Field(description="Model minus rival, turned so that more is better.")
    low: float = Field(description="Lower bound of the paired-bootstrap interval.")
    high: float = Field(description="Upper bound of the paired-bootstrap interval.")


class Outcome(BaseModel):
    """The end of one run, kept in the store as `runs/<identity>/outcome.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    identity: str = Field(description="sha256 of recipe and data: one identity, one version.")
    name: str = Field(description="The document's metadata.name.")
    verdict: str = Field(description="Promoted, BaselineWon, ChampionWon, NotComparable, ...")
    exit_code: int = Field(description="0 or 3: what `farandole run` exits with.")
    registered_model: str = Field(description="Name in the registry.")
    version: str | None = Field(description="Registered version; None: nothing was registered.")
    alias: str | None = Field(description="Alias that points at the version; None: no alias does.")
    metric: str = Field(description="The metric that decided.")
    value: float | None = Field(description="The value on test rows; None: it is not finite.")
    interval: tuple[float, float] | None = Field(
        description="Bounds of the gain over the best baseline; None: it was not computed."
    )
    baselines: dict[str, float] = Field(description="Each baseline's value on the same rows.")
    gains: dict[str, Gain] = Field(
        default_factory=dict, description="The gain over each baseline, and over the champion."
    )
    report: str | None = Field(description="Store key of the HTML report.")
    finished: str = Field(description="When the run ended: ISO 8601, UTC.")
    seconds: dict[str, float] = Field(description="Time of each step, in the order of the steps.")
    sentence: str = Field(description="The decision in one sentence.")
    training: str | None = Field(
        default=None, description="How fast training was on how many ranks, and what it cost."
    )
    left_out: int = Field(0, description="Rows that were skipped or kept out as duplicates.")

    @property
    def refused(self) -> bool:
        """Whether the gate kept the model from being promoted."""
        return self.exit_code == ExitCode.REFUSED
