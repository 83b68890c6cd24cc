"""Validation that goes on after the first problem: what is wrong is told, left out, tried again."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from farandole.api.errors import Problem
from farandole.api.mending import leave_out, leaves, mend
from farandole.api.model import Model
from farandole.api.paths import Loc, begins, path_of
from farandole.api.problems import located_problems
from farandole.api.shape import shape_at
from farandole.api.yaml import Unreadable

_MOST_ROUNDS = 64


@dataclass
class Draft:
    """A document as far as it could be read.

    `problems` are what is wrong, each at its place; `dropped` are the places that had to be left
    out so that the rest could be validated; `model` is that rest, None where too little is left.
    """

    model: Model | None = None
    problems: list[tuple[Loc, Problem]] = field(default_factory=list)
    dropped: set[Loc] = field(default_factory=set)

    def hides(self, loc: Loc) -> bool:
        """Whether a problem at a place may only be the echo of one that is told already."""
        return any(
            begins(loc, place) or (begins(place, loc) and len(place) <= len(loc) + 1)
            for place in self.dropped
        )


def drafted(value: Any, touched: Iterable[Loc]) -> Draft:
    """Validate as much of a Model as can be; parts that are `touched` lost an unknown field."""
    draft, value, silent = Draft(), deepcopy(value), set(touched)
    _leave_out_nothing(value, draft)
    for _ in range(_MOST_ROUNDS):
        try:
            draft.model = Model.model_validate(value, by_alias=True, by_name=False)
        except ValidationError as error:
            found = list(located_problems(error, Model))
        else:
            break
        draft.problems += [
            (loc, problem) for loc, problem in found if loc not in silent and not draft.hides(loc)
        ]
        draft.dropped |= {place for loc, _ in found if (place := mend(value, loc)) is not None}
        if () in draft.dropped:
            break
    return draft


def _leave_out_nothing(value: Any, draft: Draft) -> None:
    """Leave out what could not be read, and what is nothing."""
    for loc, item in list(leaves(value)):
        if item is None:
            expected = str(shape_at(Model, loc)[0])
            advice = "leave the line out for its default"
            draft.problems.append((loc, Problem(path_of(loc), "nothing", expected, advice)))
        if item is None or item is Unreadable.VALUE:
            draft.dropped.add(leave_out(value, loc))
