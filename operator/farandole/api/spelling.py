"""Field names as they were meant: unknown ones are told, and read as the nearest known one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any

from farandole.api.errors import Problem
from farandole.api.model import Model
from farandole.api.part import Part
from farandole.api.paths import Loc, path_of
from farandole.api.shape import Shape, fields_of, shape_of_field


@dataclass
class Spelled:
    """A document with its field names corrected, and what had to be corrected.

    `written` leads from a corrected place to the place as it is written; `touched` are the parts
    that hold a field which is not known.
    """

    value: Any = None
    problems: list[tuple[Loc, Problem]] = field(default_factory=list)
    written: dict[Loc, Loc] = field(default_factory=dict)
    touched: set[Loc] = field(default_factory=set)

    def as_written(self, loc: Loc) -> Loc:
        """Give a place as the document spells it."""
        for length in range(len(loc), 0, -1):
            if loc[:length] in self.written:
                return self.written[loc[:length]] + loc[length:]
        return loc


def spelled(value: Any, part: type[Part]) -> Spelled:
    """Correct the field names of a document that should be a `part`."""
    result = Spelled()
    result.value = _spell(value, Shape("part", part=part), (), (), result)
    return result


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Give the name that was most likely meant: other case, snake_case, a slip of the finger."""
    plain = {_plain(name): name for name in names}
    near = get_close_matches(_plain(word), plain, n=1, cutoff=0.6)
    return plain[near[0]] if near else None


def _spell(value: Any, shape: Shape, loc: Loc, written: Loc, result: Spelled) -> Any:
    if written != loc:
        result.written[loc] = written
    if isinstance(value, dict) and shape.part is not None:
        return dict(_spell_fields(value, shape.part, loc, written, result))
    if isinstance(value, dict) and shape.form == "map" and shape.item is not None:
        return {
            key: _spell(item, shape.item, (*loc, key), (*written, key), result)
            for key, item in value.items()
        }
    if isinstance(value, list) and shape.form == "list" and shape.item is not None:
        return [
            _spell(item, shape.item, (*loc, index), (*written, index), result)
            for index, item in enumerate(value)
        ]
    return value


def _spell_fields(
    value: dict[str, Any], part: type[Part], loc: Loc, written: Loc, result: Spelled
) -> Iterator[tuple[str, Any]]:
    fields = fields_of(part)
    for key, item in value.items():
        name = key if key in fields else nearest(key, fields)
        if name != key:
            result.touched.add(loc)
            result.problems.append(((*written, key), _unknown((*written, key), name, fields)))
        if name is not None and (name == key or name not in value):
            shape = shape_of_field(fields[name])
            yield name, _spell(item, shape, (*loc, name), (*written, key), result)


def _unknown(written: Loc, near: str | None, fields: Iterable[str]) -> Problem:
    key = str(written[-1])
    home = _homes().get(_plain(key), ())
    advice = f"did you mean {near}?" if near else ""
    if len(home) == 1 and near is None:
        advice = f"{path_of(home[0][-1:])} belongs in {path_of(home[0][:-1])}"
    return Problem(path_of(written), "an unknown field", f"one of {', '.join(fields)}", advice)


@cache
def _homes() -> dict[str, tuple[Loc, ...]]:
    """Give the places of every field name that stands outside of lists and maps."""
    homes: dict[str, tuple[Loc, ...]] = {}
    for loc in _places(Model, ()):
        name = _plain(str(loc[-1]))
        homes[name] = (*homes.get(name, ()), loc)
    return homes


def _places(part: type[Part], loc: Loc) -> Iterator[Loc]:
    for name, known in fields_of(part).items():
        yield (*loc, name)
        inner = shape_of_field(known).part
        if inner is not None:
            yield from _places(inner, (*loc, name))


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
