"""Taking what is wrong out of a document, so that the rest of it can still be read."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from farandole.api.model import API_VERSION, Model
from farandole.api.paths import Loc
from farandole.api.shape import shape_at
from farandole.api.spelling import nearest

_STAND_INS: dict[Loc, Any] = {
    ("apiVersion",): API_VERSION,
    ("kind",): "Model",
    ("metadata",): {"name": "unnamed"},
    ("spec", "recipe", "data"): {},
}
"""What stands for a required part that is wrong."""


def mend(document: Any, loc: Loc) -> Loc | None:
    """Put the name that was meant at a place, or else leave the place out.

    Gives the place that was left out, None where nothing was; () means that too little is left.
    """
    return None if _choose(document, loc) else leave_out(document, loc)


def leave_out(document: Any, loc: Loc) -> Loc:
    """Take a place out of a document, or the nearest part around it that can be missed."""
    for length in range(len(loc), 0, -1):
        place, last = loc[:length], loc[length - 1]
        container = _at(document, place[:-1])
        if isinstance(container, dict) and place in _STAND_INS:
            container[last] = deepcopy(_STAND_INS[place])
            return place
        if isinstance(container, dict) and last in container:
            del container[last]
            return place
    return ()


def leaves(value: Any, loc: Loc = ()) -> Iterator[tuple[Loc, Any]]:
    """Give every value that is no map and no list, with its place."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*loc, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*loc, index))
    else:
        yield loc, value


def _choose(document: Any, loc: Loc) -> bool:
    choices = shape_at(Model, loc)[0].choices
    container = _at(document, loc[:-1])
    written = container.get(loc[-1]) if isinstance(container, dict) else None
    near = nearest(written, choices) if isinstance(written, str) else None
    if near is None or near == written:
        return False
    container[loc[-1]] = near
    return True


def _at(value: Any, loc: Loc) -> Any:
    for step in loc:
        if not _has(value, step):
            return None
        value = value[step]
    return value


def _has(value: Any, step: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, dict) and step in value
