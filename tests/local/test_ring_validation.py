"""Validation in the ring: exact whatever divides what, held as tensors or read anew."""

from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from farandole.ring.collective import Collective
from farandole.ring.learner import Learner
from farandole.ring.threads import Threads
from farandole.ring.validation import HELD, Validation
from tests.support.ring_learning import CLASSES, accuracy, cross_entropy, dense, learner, rows


@dataclass(frozen=True)
class Lazy:
    """Rows that are there only when they are taken, as pictures that are decoded late."""

    inner: NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.inner.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.inner.dtype

    @property
    def ndim(self) -> int:
        return self.inner.ndim

    def __len__(self) -> int:
        return len(self.inner)

    def __getitem__(self, at: tuple[NDArray[np.int64], NDArray[np.int64]]) -> NDArray[Any]:
        copies, positions = at
        return self.inner[copies, positions]


def linear() -> Learner:
    return learner(keras.Sequential([keras.Input([20]), dense(CLASSES, "outputs")]))


@pytest.mark.parametrize("held", [HELD, 0])
@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("count", [1, 31, 32, 33, 97])
def test_every_row_counts_once_by_its_weight(count: int, ranks: int, held: int) -> None:
    given = rows(count, copies=2, seed=5)
    lazy: Any = Lazy(given.x)

    def program(ring: Collective) -> list[dict[str, float]]:
        validation = Validation(linear(), replace(given, x=lazy), ring, batch=16, held=held)
        return [validation.means(step) for step in (1, 2)]

    outputs = linear().model(given.x[0]).numpy()
    losses = cross_entropy(given.y, outputs).numpy().astype(np.float64)
    hits = accuracy(given.y, outputs).numpy()
    for told in Threads(ranks).run(program):
        assert told[0] == told[1]
        assert told[0]["loss"] == pytest.approx(np.average(losses, weights=given.weight), rel=1e-6)
        assert told[0]["accuracy"] == pytest.approx(np.average(hits, weights=given.weight))
