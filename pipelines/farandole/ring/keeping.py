"""Saving and restoring a learner on all ranks: rank 0 alone touches the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from farandole.api.errors import RingError
from farandole.ring.checkpoints import Checkpoint, Checkpoints
from farandole.ring.collective import Collective
from farandole.ring.guards import check_agreement, digests
from farandole.ring.learner import Learner
from farandole.ring.manifest import differences
from farandole.ring.standing import Standing
from farandole.ring.writer import Writer


@dataclass(frozen=True)
class Keeper:
    """All variables of `learner`, in the store and on every rank; `writer` is rank 0's."""

    learner: Learner
    collective: Collective
    checkpoints: Checkpoints
    writer: Writer

    def resume(self) -> tuple[Standing | None, tuple[str, ...]]:
        """Continue from the newest complete checkpoint, if any, with the same weights on all ranks.

        Returns its standing and the notices about newer ones that were torn.
        """
        found = self._latest() if self.collective.rank == 0 else None
        told = None if found is None else (found.manifest.standing, found.torn)
        standing, torn = self.collective.gather(told)[0] or (None, ())
        self._spread(found, everything(self.learner))
        return standing, torn

    def save(self, standing: Standing, agreed: int) -> None:
        """Have a checkpoint written beside the steps, once all ranks agree on the weights."""
        self.compare(standing.steps, agreed)
        if self.collective.rank == 0:
            self.writer.keep(standing, values(everything(self.learner)))

    def compare(self, step: int, agreed: int) -> None:
        """Refuse ranks whose weights differ; `agreed` is the last step at which they did not."""
        if self.collective.size > 1:
            mine = digests(values(list(self.learner.model.variables)))
            check_agreement(self.collective.gather(mine), step, agreed)

    def restore(self, step: int) -> None:
        """Give the model the weights it had after `step`, which must be written."""
        found = self.checkpoints.at(step) if self.collective.rank == 0 else None
        self._spread(found, list(self.learner.model.variables))

    def _latest(self) -> Checkpoint | None:
        self.checkpoints.begin()
        found = self.checkpoints.latest()
        wanted = values(everything(self.learner))
        if found is not None and (wrong := differences(found.manifest.arrays, wanted)):
            raise RingError(
                f"{self.checkpoints.prefix}: expected a checkpoint of this network, received "
                f"{'; '.join(wrong[:5])}; use another job name"
            )
        return found

    def _spread(self, found: Checkpoint | None, variables: Sequence[Any]) -> None:
        """Assign rank 0's arrays everywhere: those it found, else the ones it has."""
        own: list[NDArray[Any]] = [variable.numpy() for variable in variables]
        arrays = own if found is None else found.arrays[: len(own)]
        for variable, array in zip(variables, self.collective.broadcast(arrays), strict=True):
            variable.assign(array)


def everything(learner: Learner) -> list[Any]:
    """Return all variables of a learner, the model's first."""
    return [*learner.model.variables, *learner.optimizer.variables]


def values(variables: Sequence[Any]) -> dict[str, NDArray[Any]]:
    """Return the variables' values as they are now, by their paths; a path met again gets a number.

    In the host's memory nothing is copied: TensorFlow gives a variable new memory when it is
    written to while its old value is held (`PrepareToUpdateVariable`); values on a device come
    over.
    """
    met, named = Counter[str](), dict[str, NDArray[Any]]()
    with tf.device("CPU:0"):
        for variable in variables:
            path = variable.path
            met[path] += 1
            name = path if met[path] == 1 else f"{path}#{met[path]}"
            named[name] = np.asarray(tf.identity(variable.value))
    return named
