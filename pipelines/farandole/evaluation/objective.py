"""What a model is made for, and judged by."""

from __future__ import annotations

from dataclasses import dataclass

from farandole.evaluation.metric import REGRESSION


@dataclass(frozen=True)
class Objective:
    """The task, the metric that decides, and the classes in order (none for regression).

    Two models can be compared only when it is the same for both.
    """

    task_kind: str
    metric: str
    classes: tuple[str, ...] = ()

    @property
    def regression(self) -> bool:
        """Whether values are predicted, not classes."""
        return self.task_kind == REGRESSION

    @property
    def balanced(self) -> bool:
        """Whether every class counts alike in the metric, so that a strong rival weighs them so."""
        return self.metric == "balancedAccuracy"
