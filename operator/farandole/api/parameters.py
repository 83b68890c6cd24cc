"""Recipes with other values at some of their paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from farandole.api.checks.network import network_findings
from farandole.api.checks.task import task_findings
from farandole.api.errors import DocumentError, Problem
from farandole.api.paths import Loc, loc_of
from farandole.api.problems import located_problems
from farandole.api.recipe import Recipe
from farandole.api.shape import Shape, fields_of, shape_at
from farandole.api.spelling import nearest


def recipe_at(recipe: Recipe, parameters: Mapping[str, Any]) -> Recipe:
    """Give the recipe with other values at camelCase paths.

    A path is as `training.optimizer.sgd.learningRate` or `network.layers[0].dense.units`; it must
    be of the branch that the recipe chose. Integral floats are taken for whole numbers.
    Raises DocumentError with all problems: paths that do not exist, values that do not fit.
    """
    problems = [p for path in parameters if (p := path_problem(recipe, path))]
    if problems:
        raise DocumentError("parameters", tuple(problems))
    content = recipe.to_json()
    for path, value in parameters.items():
        _put(content, loc_of(path) or (), _whole(value))
    try:
        changed = Recipe.model_validate(content, by_alias=True, by_name=False)
    except ValidationError as error:
        found = tuple(problem for _, problem in located_problems(error, Recipe))
        raise DocumentError("parameters", found) from None
    refused = tuple(_refused(changed))
    if refused:
        raise DocumentError("parameters", refused)
    return changed


def path_problem(recipe: Recipe, path: str) -> Problem | None:
    """Say why a path leads to no value of this recipe; None where it does."""
    loc = loc_of(path)
    if not loc:
        return Problem(path, f'"{path}"', "a path such as training.optimizer.adam.learningRate")
    content: Any = recipe.to_json()
    for depth, step in enumerate(loc):
        if _missing(content, step) and not _is_unset(loc[: depth + 1], len(loc)):
            return _no_such(path, content, step)
        content = None if _missing(content, step) else content[step]
    shape, _ = shape_at(Recipe, loc)
    if shape.form in ("part", "list", "map", "none"):
        return Problem(path, f"{shape}", "the path of one value", _deeper(shape, path))
    return None


def _missing(content: Any, step: str | int) -> bool:
    if isinstance(content, list):
        return not isinstance(step, int) or step >= len(content)
    return not isinstance(content, dict) or step not in content


def _is_unset(loc: Loc, length: int) -> bool:
    """Whether a place is the last of its path, and a known field that has no value now."""
    if len(loc) < length:
        return False
    shape, _ = shape_at(Recipe, loc[:-1])
    known = shape.part is not None and loc[-1] in fields_of(shape.part)
    return known and shape_at(Recipe, loc)[0].part is None


def _no_such(path: str, content: Any, step: str | int) -> Problem:
    if isinstance(content, list):
        return Problem(path, f"[{step}]", f"an index below {len(content)}")
    names = list(content) if isinstance(content, dict) else []
    near = nearest(str(step), names)
    expected = f"one of {', '.join(names)}" if names else "a path that ends before it"
    advice = f"did you mean {near}?" if near else "name it in the document to search it"
    return Problem(path, f"{step}, which this document does not have", expected, advice)


def _deeper(shape: Shape, path: str) -> str:
    names = list(fields_of(shape.part)) if shape.part is not None else []
    return f"go on with {path}.{names[0]}" if names else ""


def _put(content: Any, loc: Loc, value: Any) -> None:
    *way, last = loc
    for step in way:
        content = content[step]
    content[last] = value


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _refused(recipe: Recipe) -> Iterator[Problem]:
    yield from (finding.problem for finding in task_findings(recipe))
    yield from (finding.problem for finding in network_findings(recipe))
