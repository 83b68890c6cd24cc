"""What building a network gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import keras
import tensorflow as tf

Penalty: TypeAlias = Callable[[], tf.Tensor]


@dataclass(frozen=True)
class Built:
    """A network ready to be trained.

    `model`: inputs float32 [n, ...] to logits float32 [n, outputs]; never a softmax inside.
    `penalty`: the regularisation of the weights, added once to the loss; None without any.
    `stateful`: layers of a builder whose results depend on the number of ranks, by name.
    """

    model: keras.Model
    penalty: Penalty | None
    stateful: tuple[str, ...] = ()
