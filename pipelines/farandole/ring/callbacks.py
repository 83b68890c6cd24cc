"""Keras callbacks for a person's own script on a ring: warm-up, and exact metrics."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from farandole.ring.collective import Collective


class WarmUp(keras.callbacks.Callback):  # type: ignore[misc,unused-ignore]
    """Raises the learning rate in a line from 1/size of itself to itself, step by step.

    For scripts that multiply the learning rate by the number of ranks (Goyal et al. 2017).
    """

    def __init__(self, collective: Collective, epochs: int = 5) -> None:
        super().__init__()
        self._size = collective.size
        self._epochs = epochs
        self._epoch = 0
        self._full = 0.0

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        """Remember the rate to reach."""
        self._full = float(self.model.optimizer.learning_rate)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Remember the epoch."""
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Set the rate of this step; at the end of the warm-up, once more, the full one."""
        done = self._epoch + batch / self.params["steps"]
        if done <= self._epochs:
            share = min(1.0, done / self._epochs) if self._epochs else 1.0
            self.model.optimizer.learning_rate = self._full * (
                1 / self._size + (1 - 1 / self._size) * share
            )


class MetricReduction(keras.callbacks.Callback):  # type: ignore[misc,unused-ignore]
    """Makes the logs of every epoch exact over all ranks: sums and counts are added, not means.

    Put it first among the callbacks. It adds up the state of each metric, which is right for all
    metrics of Keras whose state is a sum or a count.
    """

    def __init__(self, collective: Collective) -> None:
        super().__init__()
        self._collective = collective
        self._train: dict[str, float] = {}
        self._validation: dict[str, float] = {}
        self._fitting = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Forget the epoch before."""
        self._train, self._validation, self._fitting = {}, {}, True

    def on_test_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        """Reduce what training gathered, before validation starts the metrics anew."""
        if self._fitting:
            self._train = self._reduced()

    def on_test_end(self, logs: Any = None) -> None:
        """Reduce what validation, or an evaluation by itself, gathered."""
        reduced = self._reduced()
        self._validation = {f"val_{name}": value for name, value in reduced.items()}
        if logs is not None:
            logs.update(reduced)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Put the exact figures in place of this rank's own."""
        train = self._train or self._reduced()
        if logs is not None:
            logs.update({**train, **self._validation})
        self._fitting = False

    def _reduced(self) -> dict[str, float]:
        metrics = self.model.metrics
        variables = [variable for metric in metrics for variable in metric.variables]
        states = [np.asarray(variable.numpy(), np.float64) for variable in variables]
        told = self._collective.gather(states)
        for variable, every in zip(variables, zip(*told, strict=True), strict=True):
            variable.assign(sum(every))
        results = self.model.get_metrics_result()
        for variable, state in zip(variables, states, strict=True):
            variable.assign(state)
        return {name: float(value) for name, value in results.items()}
