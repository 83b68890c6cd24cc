"""The baselines and references of a run, fitted on the rows that the candidate was fitted on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from farandole.evaluation import leak
from farandole.evaluation.baselines import fit_baseline, raw_pixels
from farandole.evaluation.comparison import Rival
from farandole.evaluation.linear import TrainRows
from farandole.evaluation.objective import Objective
from farandole.evaluation.predictions import Predictions
from farandole.steps.rows.dataset import Dataset

PROBE = "probe"


@dataclass(frozen=True)
class Reading:
    """A reference model: its name, its kind, what it reads, and whether it gates."""

    name: str
    kind: str
    reads: str
    inputs: Callable[[Dataset], NDArray[Any]]
    gates: bool


def rivals(objective: Objective, train: Dataset, held: Dataset, seed: int) -> tuple[Rival, ...]:
    """Return what each baseline and reference, fitted on `train`, says of `held`.

    `dummy` and `linear` gate. For pictures a linear probe on the same features is a reference,
    and a model of width, height and file size alone is a detector of leaks; neither gates.
    """
    return tuple(_rival(objective, each, train, held, seed) for each in _readings(train))


def _readings(train: Dataset) -> list[Reading]:
    if train.raw is None:
        columns = "the same encoded columns"
        return [
            Reading("dummy", "dummy", columns, _encoded, True),
            Reading("linear", "linear", columns, _encoded, True),
        ]
    pictures = [
        Reading("dummy", "dummy", "32x32 raw pixels", _pixels, True),
        Reading("linear", "linear", "32x32 raw pixels", _pixels, True),
        Reading(leak.NAME, "linear", leak.READS, _sizes, False),
    ]
    if train.x.ndim == 3:
        pictures.append(Reading(PROBE, "linear", "the same features", _encoded, False))
    return pictures


def _rival(
    objective: Objective, reading: Reading, train: Dataset, held: Dataset, seed: int
) -> Rival:
    truth = train.held_out()
    rows = TrainRows(reading.inputs(train), truth.y, train.groups, truth.weight)
    transform = None if objective.classes else train.transform
    fitted = fit_baseline(reading.kind, objective, rows, seed, reading.reads, transform)
    said = Predictions(np.asarray(fitted.predict(reading.inputs(held)), dtype=np.float64))
    return Rival(reading.name, fitted.title, said, reading.gates)


def _encoded(rows: Dataset) -> NDArray[Any]:
    return np.asarray(rows.x[0])


def _pixels(rows: Dataset) -> NDArray[Any]:
    return raw_pixels(np.asarray(rows.raw))


def _sizes(rows: Dataset) -> NDArray[Any]:
    measures = np.asarray(rows.measures, dtype=np.int64)
    return leak.sizes(measures[:, 0], measures[:, 1], measures[:, 2])
