"""Search spaces: one proposal from a trial of a search library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from farandole.api.tuning import Choice, Integer, LogUniform, Parameter, Uniform

Value = float | int | str


class Trial(Protocol):
    """What proposes values; Optuna's trials do."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """Propose a number in [low, high]."""
        ...

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1) -> int:
        """Propose a whole number in [low, high]."""
        ...

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Propose one of the choices."""
        ...


def suggest(trial: Trial, space: Sequence[Parameter]) -> dict[str, Value]:
    """Propose a value for every parameter: path in the recipe -> value."""
    return {parameter.parameter: _value(trial, parameter) for parameter in space}


def _value(trial: Trial, parameter: Parameter) -> Value:
    name = parameter.parameter
    match parameter.chosen()[1]:
        case Uniform(low=low, high=high):
            return trial.suggest_float(name, low, high)
        case LogUniform(low=low, high=high):
            return trial.suggest_float(name, low, high, log=True)
        case Integer(low=least, high=most, step=step):
            return trial.suggest_int(name, least, most, step=step)
        case Choice() as choice:
            value: Value = trial.suggest_categorical(name, choice.values)
            return value
    raise AssertionError(parameter)
