"""What the evaluator found: one line a checkpoint, kept with the model that is trained."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from farandole.data.store import Store


class Finding(BaseModel):
    """What one checkpoint is worth on all validation rows, and how far behind the ring that is.

    `metrics` are evaluation's, a binary task's with the threshold that these rows choose, as tune
    has them; they are empty where a prediction is not finite.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: int = Field(description="Finished steps of the checkpoint.")
    metrics: dict[str, float]
    steps_behind: int = Field(description="Steps that the ring had taken since.")
    seconds_behind: float = Field(description="From the checkpoint being complete to this finding.")
    seconds: float = Field(description="How long reading and scoring took.")
    skipped: int = Field(description="Checkpoints since the last finding that were passed over.")
    lost: int = Field(description="Checkpoints that were rotated away while they were read.")
    torn: int = Field(description="Checkpoints that do not read as what was written.")


class Findings:
    """The findings of one model, those of earlier attempts at its training among them."""

    def __init__(self, store: Store, model: str) -> None:
        self._store = store
        self._key = _key(model)
        self.all = list(findings_of(store, model))

    @property
    def last_step(self) -> int:
        """The step of the newest finding, 0 where there is none."""
        return self.all[-1].step if self.all else 0

    @property
    def skipped(self) -> int:
        """How many checkpoints were passed over in all."""
        return sum(finding.skipped for finding in self.all)

    def add(self, finding: Finding) -> None:
        """Keep a finding: all of them are there, or all but this."""
        self.all.append(finding)
        lines = "".join(f"{each.model_dump_json()}\n" for each in self.all)
        self._store.put(self._key, lines.encode())


def findings_of(store: Store, model: str) -> tuple[Finding, ...]:
    """Return what was found of the model under this prefix, by step; nothing was: none."""
    key = _key(model)
    content = store.get(key) if store.exists(key) else b""
    return tuple(Finding.model_validate_json(line) for line in content.splitlines())


def _key(model: str) -> str:
    return f"{model}/observed.jsonl"
