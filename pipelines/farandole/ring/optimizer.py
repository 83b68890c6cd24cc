"""The one line that makes a person's own Keras 3 script train on a ring.

    collective = connect()
    model.compile(DistributedOptimizer(keras.optimizers.Adam(1e-3), collective), loss)
    broadcast(model, collective)
    model.fit(..., callbacks=[WarmUp(collective, epochs=3), MetricReduction(collective)])

Horovod's own `DistributedOptimizer` overrides hooks that Keras 3 never calls, so that ranks drift
apart in silence (horovod#4290).
"""

from __future__ import annotations

from typing import Any

import keras

from farandole.ring.collective import Collective, Tensor
from farandole.ring.connect import connect
from farandole.ring.flat import dense, sums


def DistributedOptimizer(optimizer: Any, collective: Collective | None = None) -> Any:  # noqa: N802
    """Return a Keras optimizer that applies the mean over ranks of each gradient.

    The result is of a subclass of the optimizer's class and works with `compile` and `fit`.
    Gradients are averaged before clipping, and before half precision decides whether to skip the
    step, so that all ranks decide alike: under the policy `mixed_float16` the optimizer is given
    its loss scaling here. Compile with `jit_compile=False` on a GPU: XLA knows no ring.
    """
    ring = connect() if collective is None else collective
    made = type(optimizer).from_config(optimizer.get_config())
    half = keras.mixed_precision.dtype_policy().name == "mixed_float16"
    if half and not isinstance(made, keras.mixed_precision.LossScaleOptimizer):
        made = keras.mixed_precision.LossScaleOptimizer(made)
    return _averaging(made, ring) if ring.size > 1 else made


def broadcast(model: Any, collective: Collective, optimizer: Any | None = None) -> None:
    """Give every rank the weights of rank 0, and its optimizer's state where one is passed."""
    variables = [*model.variables, *(optimizer.variables if optimizer is not None else ())]
    arrays = collective.broadcast([variable.numpy() for variable in variables])
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _averaging(optimizer: Any, ring: Collective) -> Any:
    """Change the class of `optimizer` to one that averages first.

    It keeps its name and module: a saved model loads where there is no ring.
    """
    own = type(optimizer)

    def apply(self: Any, grads: Any, trainable_variables: Any = None) -> Any:
        variables = (
            self._trainable_variables if trainable_variables is None else trainable_variables
        )
        return own.apply(self, _means(ring, list(grads), list(variables)), variables)

    optimizer.__class__ = type(own.__name__, (own,), {"apply": apply, "__module__": own.__module__})
    return optimizer


def _means(ring: Collective, gradients: list[Tensor], variables: list[Any]) -> list[Tensor]:
    """Return the means over ranks; a variable without a gradient stays without one on all ranks."""
    used = [i for i, gradient in enumerate(gradients) if gradient is not None]
    totals = sums(ring, [dense(gradients[i], variables[i].value) for i in used])
    means = dict(zip(used, (total / ring.size for total in totals), strict=True))
    return [means.get(i) for i in range(len(gradients))]
