"""From what pydantic objects to, to problems that a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from farandole.api.errors import Problem
from farandole.api.part import OneOf, Part
from farandole.api.paths import Loc, begins, loc_of, path_of
from farandole.api.shape import Shape, fields_of, shape_at, shape_of_field
from farandole.api.spelling import nearest

LONGEST = 60


def located_problems(error: ValidationError, part: type[Part]) -> Iterator[tuple[Loc, Problem]]:
    """Give each problem of a `part` that was refused, with its place in it."""
    errors = error.errors(include_url=False)
    places = {tuple(details["loc"]) for details in errors}
    for details in errors:
        loc = tuple(details["loc"])
        if details["type"] == "problems":
            yield from _own(loc, details)
        elif loc[-1:] == ("[key]",):
            shape, _ = shape_at(part, loc[:-2])
            yield loc[:-1], _problem(loc[:-1], details, shape.key or shape, None)
        elif details["type"] != "too_short" or not _inside(loc, places):
            yield loc, _problem(loc, details, *shape_at(part, loc))


def _inside(loc: Loc, places: set[Loc]) -> bool:
    """Whether there is trouble inside a list, of which pydantic then counts the rest only."""
    return any(begins(place, loc) and place != loc for place in places)


def received(value: Any) -> str:
    """Say what came, shortened."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"a map with {_short(', '.join(value))}" if value else "an empty map"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return _short(f'"{value}"' if isinstance(value, str) else f"{value}")


def _own(loc: Loc, details: ErrorDetails) -> Iterator[tuple[Loc, Problem]]:
    """Place the problems that a part found between its fields."""
    for problem in details["ctx"]["problems"]:
        place = loc + (loc_of(problem.path) or ())
        yield place, Problem(path_of(place), problem.received, problem.expected, problem.advice)


def _problem(loc: Loc, details: ErrorDetails, shape: Shape, field: FieldInfo | None) -> Problem:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "missing":
        about = (field and field.description) or ""
        return Problem(path_of(loc), "nothing", str(shape), about[:1].lower() + about[1:-1])
    if kind == "not_yet":
        name = value if isinstance(value, str) else loc[-1]
        return Problem(path_of(loc), f"{name}, which is not yet served", context["instead"])
    return Problem(path_of(loc), received(value), _expected(shape, details), _advice(shape, value))


def _expected(shape: Shape, details: ErrorDetails) -> str:
    context = details.get("ctx", {})
    match details["type"]:
        case "too_long":
            return f"at most {context['max_length']} items"
        case "too_short":
            return f"at least {context['min_length']} items"
        case "string_too_long":
            return f"at most {context['max_length']} characters"
        case "string_too_short":
            return f"at least {context['min_length']} characters"
        case "finite_number":
            return "a finite number"
        case _:
            return str(shape)


def _advice(shape: Shape, value: Any) -> str:
    if isinstance(value, str):
        return _advice_for_text(shape, value)
    if shape.form == "text" and isinstance(value, bool | int | float):
        return "write it in quotes"
    if shape.form == "list":
        return "write a list: an item a line, each behind '- '"
    return ""


def _advice_for_text(shape: Shape, text: str) -> str:
    if shape.choices:
        near = nearest(text, shape.choices)
        return f"did you mean {near}?" if near else ""
    if shape.part is not None and issubclass(shape.part, OneOf):
        near = nearest(text, shape.part.branches())
        return f"write {{{near}: {{}}}}" if near else ""
    if shape.part is not None:
        fields = {name: shape_of_field(field) for name, field in fields_of(shape.part).items()}
        fitting = [name for name, inner in fields.items() if text in inner.choices]
        return f"write {{{fitting[0]}: {text}}}" if fitting else ""
    if shape.form in ("integer", "number", "truth"):
        return "leave out the quotes" if _reads_as(shape, text) else ""
    return ""


def _reads_as(shape: Shape, text: str) -> bool:
    if shape.form == "truth":
        return text in ("true", "false")
    try:
        number = float(text)
    except ValueError:
        return False
    return shape.form == "number" or number.is_integer()


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
