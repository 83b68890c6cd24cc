"""The search: proposals in rounds, judged on validation rows, told in trial order."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import optuna
from pydantic import BaseModel, ConfigDict

from farandole.api import Recipe, Tuning, recipe_at
from farandole.api.errors import FarandoleError
from farandole.evaluation.intervals import Interval, interval
from farandole.evaluation.metric import higher_is_better, score
from farandole.evaluation.predictions import HeldOut, Predictions
from farandole.networks.space import suggest

Value = float | int | str
Trained = Callable[[Recipe], Predictions]  # a recipe's predictions for the validation rows


class Trial(BaseModel):
    """One set of parameters and what it reached on validation rows; None: it failed, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    parameters: dict[str, Value]
    value: float | None
    failure: str = ""


class Found(BaseModel):
    """What a search found: the chosen parameters (empty: the document's own) and every trial."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chosen: dict[str, Value]
    trials: tuple[Trial, ...]
    gain: Interval | None
    sentence: str


def search(
    recipe: Recipe,
    held: HeldOut,
    trained: Trained,
    told: Callable[[Trial], None],
    known: Mapping[int, Trial],
) -> Found:
    """Try the document's own parameters first, then what the study proposes.

    `known` are trials of an interrupted search: they are told again, not trained again. A trial
    that fails or reaches no number is recorded and never the best. The best one is chosen only
    when the 95 % interval of its gain over the document's own lies above zero.
    """
    tuning = _declared(recipe)
    trials: list[Trial] = []
    predictions: dict[int, Predictions] = {}

    def run(number: int, parameters: dict[str, Value]) -> Trial:
        if number in known and known[number].parameters == parameters:
            return known[number]
        trial = _tried(recipe, number, parameters, held, trained, predictions)
        told(trial)
        return trial

    trials.append(run(0, {}))
    for proposals in _rounds(tuning, recipe.metric, trials):
        trials.extend(run(number, parameters) for number, parameters in proposals)
    return _chosen(recipe, held, trained, trials, predictions)


def _rounds(tuning: Tuning, metric: str, trials: list[Trial]) -> Any:
    """Yield rounds of (number, parameters); `trials` grows before the next round is asked for."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    settings: Any = tuning.chosen()[1]
    study = optuna.create_study(
        sampler=_sampler(tuning), direction="maximize" if higher_is_better(metric) else "minimize"
    )
    first = 1
    while first < settings.trials:
        size = min(settings.batch, settings.trials - first)
        asked = [study.ask() for _ in range(size)]
        yield [(first + at, suggest(trial, tuning.space)) for at, trial in enumerate(asked)]
        for trial, result in zip(asked, trials[first : first + size], strict=True):
            _tell(study, trial, result)
        first += size


def _tell(study: optuna.Study, trial: optuna.Trial, result: Trial) -> None:
    if result.value is None:
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
    else:
        study.tell(trial, result.value)


def _sampler(tuning: Tuning) -> optuna.samplers.BaseSampler:
    name, settings = tuning.chosen()
    seed: int = settings.seed  # type: ignore[attr-defined]  # every search has a seed
    if name == "tpe":
        return optuna.samplers.TPESampler(seed=seed, constant_liar=True)
    return optuna.samplers.RandomSampler(seed=seed)


def _tried(
    recipe: Recipe,
    number: int,
    parameters: dict[str, Value],
    held: HeldOut,
    trained: Trained,
    predictions: dict[int, Predictions],
) -> Trial:
    try:
        predicted = trained(recipe_at(recipe, parameters) if parameters else recipe)
    except FarandoleError as error:
        return Trial(number=number, parameters=parameters, value=None, failure=str(error))
    if not predicted.finite:
        return Trial(
            number=number, parameters=parameters, value=None, failure="a prediction is not finite"
        )
    value = score(recipe.metric, held, predicted)
    if not math.isfinite(value):
        return Trial(
            number=number, parameters=parameters, value=None, failure=f"{recipe.metric} is {value}"
        )
    predictions[number] = predicted
    return Trial(number=number, parameters=parameters, value=value)


def _chosen(
    recipe: Recipe,
    held: HeldOut,
    trained: Trained,
    trials: list[Trial],
    predictions: dict[int, Predictions],
) -> Found:
    best = _best(recipe.metric, trials)
    own = trials[0]
    if best is None or best.number == 0:
        return _found({}, trials, None, "the document's own parameters are the best that was tried")
    if own.value is None:
        return _found(best.parameters, trials, None, f"the document's own failed: {own.failure}")

    def said(trial: Trial) -> Predictions:
        if trial.number not in predictions:
            predictions[trial.number] = trained(recipe_at(recipe, trial.parameters))
        return predictions[trial.number]

    gain = interval(recipe.metric, held, said(best), said(own))
    numbers = (
        f"trial {best.number} reached {best.value:.4f} {recipe.metric} on {held.rows} validation "
        f"rows, the document's own parameters {own.value:.4f}; 95 % interval of the gain "
        f"[{gain.low:.4f}, {gain.high:.4f}]"
    )
    if gain.above_zero:
        return _found(best.parameters, trials, gain, f"{numbers}: chosen")
    return _found({}, trials, gain, f"{numbers}: not distinguishable, the document's own are kept")


def _found(
    chosen: dict[str, Value], trials: list[Trial], gain: Interval | None, sentence: str
) -> Found:
    return Found(chosen=chosen, trials=tuple(trials), gain=gain, sentence=sentence)


def _best(metric: str, trials: list[Trial]) -> Trial | None:
    sign = 1.0 if higher_is_better(metric) else -1.0
    finished = [trial for trial in trials if trial.value is not None]
    values = [sign * (trial.value or 0.0) for trial in finished]
    return finished[int(np.argmax(values))] if finished else None


def _declared(recipe: Recipe) -> Tuning:
    if recipe.tuning is None:
        raise ValueError("search needs a recipe with tuning")
    return recipe.tuning
