"""What a field of a document may hold, in words; read from the models' own annotations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from farandole.api.forms import words_of_pattern
from farandole.api.part import OneOf, Part
from farandole.api.paths import Loc

Form: TypeAlias = Literal[
    "part", "list", "map", "choice", "integer", "number", "text", "truth", "none"
]

_SCALARS: dict[Any, Form] = {int: "integer", float: "number", str: "text", bool: "truth"}
_NOUNS = {"integer": "a whole number", "number": "a number", "truth": "true or false"}


@dataclass(frozen=True)
class Shape:
    """What a field may hold: its form, and what a part, a list, a map or a choice holds."""

    form: Form
    part: type[Part] | None = None
    key: Shape | None = None
    item: Shape | None = None
    choices: tuple[str, ...] = ()
    limits: str = ""

    def __str__(self) -> str:
        """Say it in words: `a whole number from 1 to 4096`."""
        return f"{_noun(self)} {self.limits}".rstrip()


@cache
def fields_of(part: type[Part]) -> dict[str, FieldInfo]:
    """Give the fields of a part by their YAML names."""
    return {field.alias or name: field for name, field in part.model_fields.items()}


def shape_of_field(field: FieldInfo) -> Shape:
    """Give what a field holds."""
    shape = shape_of(field.annotation)
    return replace(shape, limits=_limits(field.metadata) or shape.limits)


def shape_of(annotation: Any) -> Shape:
    """Give what an annotation of a document's field stands for."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return replace(shape_of(arguments[0]), limits=_limits(_flat(arguments[1:])))
    if origin in (Union, UnionType):
        (one,) = (argument for argument in arguments if argument is not NoneType)
        return shape_of(one)
    if origin is tuple:
        return Shape("list", item=shape_of(arguments[0]))
    if origin is dict:
        return Shape("map", key=shape_of(arguments[0]), item=shape_of(arguments[1]))
    if origin is Literal:
        return Shape("choice", choices=tuple(str(argument) for argument in arguments))
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return Shape("part", part=annotation)
    return Shape(_SCALARS.get(annotation, "none"))


def shape_at(part: type[Part], loc: Loc) -> tuple[Shape, FieldInfo | None]:
    """Give what is held at a place inside a part, and the last field on the way."""
    field: FieldInfo | None = None
    shape = Shape("part", part=part)
    for step in loc:
        if shape.part is not None and step in fields_of(shape.part):
            field = fields_of(shape.part)[str(step)]
            shape = shape_of_field(field)
        elif shape.item is not None:
            shape = shape.item
    return shape, field


def _noun(shape: Shape) -> str:
    if shape.choices:
        return f"one of {', '.join(shape.choices)}" if len(shape.choices) > 1 else shape.choices[0]
    if shape.part is not None:
        if issubclass(shape.part, OneOf):
            return f"a map with one of {', '.join(shape.part.branches())}"
        return f"a map of {', '.join(fields_of(shape.part))}"
    if shape.item is not None and shape.form == "list":
        return "a list"
    return _NOUNS.get(shape.form, "a map" if shape.form == "map" else "text")


def _flat(metadata: Iterable[Any]) -> list[Any]:
    return [
        m for item in metadata for m in (item.metadata if isinstance(item, FieldInfo) else [item])
    ]


def _limits(metadata: Iterable[Any]) -> str:
    found = {
        name: value
        for item in metadata
        for name in ("ge", "gt", "le", "lt", "pattern", "min_length", "max_length")
        if (value := getattr(item, name, None)) is not None
    }
    return " ".join(_bound_words(found))


def _bound_words(found: dict[str, Any]) -> Iterable[str]:
    if "pattern" in found:
        yield f"of {words_of_pattern(found['pattern'])}"
    if "ge" in found and "le" in found:
        yield f"from {_plain(found['ge'])} to {_plain(found['le'])}"
        return
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    bounds = [f"{sign} {_plain(found[name])}" for name, sign in signs.items() if name in found]
    if bounds:
        yield " and ".join(bounds)


def _plain(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"
