"""Where a training stands: what a checkpoint keeps beside the variables, and when to stop."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from farandole.ring.learner import Epoch


class Standing(BaseModel):
    """All that the rest of a training depends on beside its variables.

    `steps` and `epochs` are finished ones; `sums` are the running totals of the epoch under way.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int = 0
    epochs: int = 0
    sums: tuple[float, ...] = ()
    history: tuple[Epoch, ...] = ()
    best_loss: float | None = None
    best_step: int = 0
    best_epoch: int = 0
    stale: int = 0
    loss_scale: float = 1.0
    finite_steps: int = 0
    skipped: int = 0
    stopped_early: bool = False
    finished: bool = False


def after_epoch(
    standing: Standing, epoch: Epoch, epochs: int, patience: int | None, minimum_gain: float
) -> Standing:
    """Return the standing once `epoch` is over.

    An epoch is the best when its validation loss is below the best so far by more than
    `minimum_gain`; without validation rows the last epoch is the best.
    """
    loss = epoch.validation.get("loss")
    best = loss is None or standing.best_loss is None or loss < standing.best_loss - minimum_gain
    stale = 0 if best else standing.stale + 1
    early = patience is not None and stale > 0 and stale >= patience and epoch.epoch + 1 < epochs
    return standing.model_copy(
        update={
            "epochs": epoch.epoch + 1,
            "sums": (),
            "history": (*standing.history, epoch),
            "best_loss": loss if best else standing.best_loss,
            "best_step": epoch.steps if best else standing.best_step,
            "best_epoch": epoch.epoch if best else standing.best_epoch,
            "stale": stale,
            "stopped_early": early,
            "finished": early or epoch.epoch + 1 == epochs,
        }
    )
