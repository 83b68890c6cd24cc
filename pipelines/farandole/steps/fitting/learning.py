"""From a recipe and arrays to a learner that a ring can train."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from farandole.api import Recipe, Training
from farandole.networks.class_balance import class_weights
from farandole.networks.declared import Built, build
from farandole.networks.export import Output
from farandole.networks.lane_context import LaneContext
from farandole.networks.losses import loss
from farandole.networks.optimization import optimizer
from farandole.networks.own import check_micro_batches
from farandole.networks.schedules import schedule
from farandole.ring.collective import Collective, SingleProcess
from farandole.ring.lanes import Lanes, lanes_of
from farandole.ring.learner import Fitted, Learner, Rows, Settings
from farandole.ring.micro_batches import MicroBatches
from farandole.ring.training import fit


@dataclass(frozen=True)
class Scale:
    """What a regression's targets are brought to before training: (y - mean) / spread."""

    mean: float = 0.0
    spread: float = 1.0

    @classmethod
    def of(cls, y: NDArray[Any]) -> Scale:
        """Learn the scale from train rows."""
        spread = float(np.std(y)) if len(y) > 1 else 1.0
        return cls(float(np.mean(y)), spread or 1.0)


@dataclass(frozen=True)
class Assignment:
    """What is to be learned, before any row is seen; `folder` is where a builder is looked for."""

    recipe: Recipe
    classes: tuple[str, ...]
    folder: Path


@dataclass(frozen=True)
class Problem:
    """An assignment with what train rows say of it: shape of an input, scale, rows a class."""

    assignment: Assignment
    input_shape: tuple[int, ...]
    scale: Scale
    counts: Mapping[int, int]

    @property
    def recipe(self) -> Recipe:
        """The recipe that is trained."""
        return self.assignment.recipe

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in label order; none for regression."""
        return self.assignment.classes

    @property
    def outputs(self) -> int:
        """Return the number of network outputs."""
        return len(self.classes) or 1

    @property
    def output(self) -> Output:
        """Return what the outputs mean once exported."""
        return "probabilities" if self.classes else "value"


def problem_of(assignment: Assignment, x: NDArray[Any], y: NDArray[Any]) -> Problem:
    """Read off train rows what the network must fit: shapes, class counts, the target's scale."""
    classes = assignment.classes
    counts = dict(enumerate(np.bincount(y, minlength=len(classes)).tolist())) if classes else {}
    scale = Scale() if classes else Scale.of(y)
    return Problem(assignment, tuple(x.shape[2:]), scale, counts)


def train_rows(problem: Problem, rows: Rows) -> Rows:
    """Return rows with scaled targets and, where declared, balanced class weights."""
    if not problem.classes:
        scaled = (np.asarray(rows.y, dtype=np.float64) - problem.scale.mean) / problem.scale.spread
        return replace(rows, y=scaled.astype(np.float32))
    if problem.recipe.training.class_weights != "balanced":
        return rows
    weights = class_weights(problem.counts)
    balance = np.asarray(
        [weights[label] for label in range(len(problem.classes))], dtype=np.float32
    )
    return replace(rows, weight=rows.weight * balance[rows.y])


def validation_rows(problem: Problem, rows: Rows) -> Rows:
    """Return validation rows with scaled targets; class weights never enter a validation figure."""
    if problem.classes:
        return rows
    return train_rows(problem, rows)


def learner_of(problem: Problem, rows: int, collective: Collective) -> tuple[Learner, Built]:
    """Build the network, its loss, optimizer and schedule for `rows` train rows."""
    training = problem.recipe.training
    lanes = Lanes(rows, training.global_batch, training.lane_count())
    mine = lanes_of(collective.rank, collective.size, lanes.lanes)
    parts = MicroBatches(len(mine) * lanes.width, training.micro_batches)
    context = LaneContext.create(parts.length, training.seed, collective.sum)
    built = build(
        problem.recipe.network,
        problem.input_shape,
        problem.outputs,
        context,
        training.seed,
        training.precision,
        problem.assignment.folder,
    )
    check_micro_batches(built.model, training.micro_batches)
    rate = schedule(training.schedule, training.optimizer, lanes.steps, training.epochs)
    learner = Learner(
        model=built.model,
        loss=loss(training.loss, problem.recipe.task.kind),
        optimizer=optimizer(training.optimizer),
        schedule=rate,
        penalty=built.penalty,
        context=context,
        metrics=_metrics(problem),
    )
    return learner, built


def settings_of(training: Training, identity: str, **more: Any) -> Settings:
    """Return the ring's settings for a recipe's training."""
    return Settings(
        global_batch=training.global_batch,
        lanes=training.lane_count(),
        epochs=training.epochs,
        seed=training.seed,
        clip_norm=training.clip_norm,
        precision=training.precision,
        compression=training.compression,
        micro_batches=training.micro_batches,
        reproducible=training.reproducible,
        patience=training.patience(),
        minimum_gain=training.early_stopping.minimum_gain,
        identity=identity,
        **more,
    )


def fit_alone(problem: Problem, train: Rows, validation: Rows | None) -> tuple[Learner, Fitted]:
    """Train in this process, keeping no checkpoint: for folds and trials."""
    collective = SingleProcess()
    learner, _ = learner_of(problem, train.x.shape[1], collective)
    fitted = fit(
        learner,
        train_rows(problem, train),
        validation_rows(problem, validation) if validation is not None else None,
        settings_of(problem.recipe.training, "alone"),
        collective,
    )
    return learner, fitted


def with_scale(problem: Problem, model: keras.Model) -> keras.Model:
    """Return the model with its outputs in the target's own (transformed) units."""
    if problem.classes or problem.scale == Scale():
        return model
    rescale = keras.layers.Rescaling(problem.scale.spread, problem.scale.mean, dtype="float32")
    return keras.Model(model.inputs, rescale(model.outputs[0]))


def predict(
    problem: Problem, model: keras.Model, x: NDArray[Any], batch: int = 1024
) -> NDArray[np.float64]:
    """Return probabilities [rows, classes], or values [rows] in the target's transformed units.

    `x` [rows, ...] is one copy of the inputs.
    """
    parts = [
        np.asarray(model(np.asarray(x[start : start + batch], dtype=np.float32), training=False))
        for start in range(0, len(x), batch)
    ]
    outputs = np.concatenate(parts).astype(np.float64) if parts else np.empty((0, problem.outputs))
    if not problem.classes:
        return outputs[:, 0] * problem.scale.spread + problem.scale.mean
    return _softmax(outputs)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    normalised: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return normalised


def _metrics(problem: Problem) -> dict[str, Any]:
    if not problem.classes:
        return {}
    return {"accuracy": keras.metrics.sparse_categorical_accuracy}
