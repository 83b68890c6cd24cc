"""Dynamic loss scaling for half precision: state of ours, so that a checkpoint holds it."""

from __future__ import annotations

from dataclasses import dataclass

INITIAL = 2.0**15  # as Keras and PyTorch begin
GROW_AFTER = 2000  # finite steps in a row (Micikevicius et al. 2018)
LEAST = 1.0


@dataclass(frozen=True)
class LossScale:
    """The factor on the loss before its gradient is taken, and for how many steps it has held."""

    value: float
    finite_steps: int = 0

    def after(self, finite: bool) -> LossScale:
        """Return the scale once a step's reduced gradients were finite, or were not."""
        if not finite:
            return LossScale(self.value / 2)
        if self.finite_steps + 1 == GROW_AFTER:
            return LossScale(self.value * 2)
        return LossScale(self.value, self.finite_steps + 1)

    @property
    def exhausted(self) -> bool:
        """Whether a smaller scale cannot be the cure."""
        return self.value < LEAST


def initial_scale(precision: str) -> LossScale:
    """Return the scale that training at `precision` begins with; only float16 needs one."""
    return LossScale(INITIAL if precision == "mixedFloat16" else 1.0)


def overflow_notices(skipped: int) -> tuple[str, ...]:
    """Say how many steps changed no weight because their float16 gradients overflowed."""
    if not skipped:
        return ()
    steps = "1 step" if skipped == 1 else f"{skipped} steps"
    return (f"{steps} changed no weight: gradients overflowed float16, and the scale was lowered",)
