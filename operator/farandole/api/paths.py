"""Where something is in a document: `spec.recipe.network.layers[0].dense.units`."""

from __future__ import annotations

import re
from typing import TypeAlias

Loc: TypeAlias = tuple[str | int, ...]

_WORD = re.compile(r"^[\w-]+$")
_STEP = re.compile(r"\.?([A-Za-z_]\w*)|\[(\d+)\]")


def path_of(loc: Loc) -> str:
    """Write a place as a path: fields by dots, list indices and unusual keys in brackets."""
    path = ""
    for step in loc:
        if isinstance(step, int):
            path += f"[{step}]"
        elif _WORD.match(step):
            path += f".{step}" if path else step
        else:
            path += f'["{step}"]'
    return path


def loc_of(path: str) -> Loc | None:
    """Read a path of fields and list indices; None where it is not one."""
    loc: list[str | int] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            return None
        loc.append(match[1] or int(match[2]))
        at = match.end()
    return tuple(loc)


def begins(loc: Loc, start: Loc) -> bool:
    """Whether `loc` is `start` or inside it."""
    return loc[: len(start)] == start
