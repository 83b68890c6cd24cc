"""The trained network, rebuilt from the recipe and the weights that train left in the store."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np

from farandole.data.store import Store
from farandole.ring.collective import SingleProcess
from farandole.steps.fitting import learning
from farandole.steps.fitting.fit import Fit, threshold_of
from farandole.steps.fitting.learning import Assignment
from farandole.steps.rows.dataset import Dataset


def load_fit(
    store: Store,
    model: str,
    assignment: Assignment,
    train: Dataset,
    validation: Dataset,
) -> Fit:
    """Return the network under the prefix `model`, its threshold chosen on validation rows."""
    problem = learning.problem_of(assignment, train.x, np.asarray(train.y))
    learner, _ = learning.learner_of(problem, train.x.shape[1], SingleProcess())
    with np.load(io.BytesIO(store.get(f"{model}/weights.npz"))) as weights:
        learner.model.set_weights([weights[name] for name in sorted(weights.files)])
    fitted = Fit(problem, learner.model, None)
    return replace(fitted, threshold=threshold_of(fitted, validation))
