"""Whether each searched parameter exists in the recipe, and takes the values of its space."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from farandole.api.checks.finding import Finding
from farandole.api.errors import DocumentError, Problem
from farandole.api.parameters import path_problem, recipe_at
from farandole.api.paths import loc_of
from farandole.api.recipe import Recipe
from farandole.api.shape import shape_at
from farandole.api.tuning import Choice, Integer, LogUniform, Parameter, Uniform

_ROOTS = ("training", "network")
_NEVER = ("training.seed", "training.reproducible")


def tuning_findings(recipe: Recipe) -> Iterator[Finding]:
    """Check every parameter of the space against the recipe that it changes."""
    for index, parameter in enumerate(recipe.tuning.space if recipe.tuning else ()):
        path = f"tuning.space[{index}]"
        found = _path_trouble(recipe, parameter, path) or _value_trouble(recipe, parameter, path)
        if found:
            yield Finding(found, ("training", "network", "task"))


def _path_trouble(recipe: Recipe, parameter: Parameter, path: str) -> Problem | None:
    name = parameter.parameter
    place = f"{path}.parameter"
    if name in _NEVER:
        return Problem(place, f'"{name}"', "a parameter that makes a better model, not a luckier")
    if not name.startswith(tuple(f"{root}." for root in _ROOTS)):
        advice = "features and data are prepared once, before the search"
        return Problem(place, f'"{name}"', "a path in training or network", advice)
    problem = path_problem(recipe, name)
    if problem is None:
        return None
    return Problem(place, f'"{name}": {problem.received}', problem.expected, problem.advice)


def _value_trouble(recipe: Recipe, parameter: Parameter, path: str) -> Problem | None:
    kind, settings = parameter.chosen()
    shape, _ = shape_at(Recipe, loc_of(parameter.parameter) or ())
    if shape.form == "integer" and isinstance(settings, Uniform | LogUniform):
        received = f"{kind} for {parameter.parameter}"
        return Problem(f"{path}.{kind}", received, f"integer or choice: it is {shape}")
    for value in _ends(settings):
        refused = _refusal(recipe, parameter.parameter, value)
        if refused:
            return Problem(f"{path}.{kind}", refused.received, refused.expected, refused.advice)
    return None


def _ends(settings: object) -> tuple[Any, ...]:
    if isinstance(settings, Choice):
        return settings.values
    if isinstance(settings, Uniform | LogUniform | Integer):
        return (settings.low, settings.high)
    return ()


def _refusal(recipe: Recipe, name: str, value: Any) -> Problem | None:
    try:
        recipe_at(recipe.model_copy(update={"tuning": None}), {name: value})
    except DocumentError as error:
        return error.problems[0]
    return None
