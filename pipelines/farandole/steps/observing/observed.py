"""How the evaluator kept up with a training, as train says it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from farandole.data.store import Store
from farandole.steps.observing.findings import findings_of
from farandole.steps.observing.watch import Watch


class Observed(BaseModel):
    """What became of the checkpoints of a training that was observed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scored: int = Field(description="Checkpoints that have a finding.")
    skipped: int = Field(description="Passed over, because a newer one was there.")
    lost: int = Field(description="Rotated away while they were read.")
    torn: int = Field(description="Did not read as what was written.")
    unscored: int = Field(description="Still there and without a finding when the ring had ended.")
    steps_behind: int = Field(description="Most steps that a finding was behind the ring.")
    seconds_behind: float = Field(description="Longest from a checkpoint to its finding.")

    @property
    def sentence(self) -> str:
        """How it went, in words."""
        parts = [
            f"{count} {became}"
            for count, became in (
                (self.skipped, "passed over for newer ones"),
                (self.lost, "rotated away while they were read"),
                (self.torn, "damaged"),
                (self.unscored, "left when training ended"),
            )
            if count
        ]
        scored = f"{self.scored} checkpoint{'' if self.scored == 1 else 's'}"
        behind = f"at most {self.steps_behind:,} steps and {self.seconds_behind:.0f} s behind"
        known = [behind] if self.scored else []
        return ", ".join([f"the evaluator scored {scored}", *known, *parts])


def observed_of(store: Store, model: str, checkpoints: str) -> Observed:
    """Count what became of the checkpoints under this prefix, of the model under that one."""
    findings = findings_of(store, model)
    left = Watch(store, checkpoints, findings[-1].step if findings else 0)
    left.look()
    return Observed(
        scored=len(findings),
        skipped=sum(finding.skipped for finding in findings),
        lost=sum(finding.lost for finding in findings),
        torn=sum(finding.torn for finding in findings),
        unscored=left.waiting(),
        steps_behind=max((finding.steps_behind for finding in findings), default=0),
        seconds_behind=max((finding.seconds_behind for finding in findings), default=0.0),
    )
