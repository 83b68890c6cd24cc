"""Reading a document: from YAML text to a Model, or to all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from farandole.api.checks.finding import Finding
from farandole.api.checks.network import network_findings
from farandole.api.checks.placement import placement_findings
from farandole.api.checks.task import task_findings
from farandole.api.checks.tuning import tuning_findings
from farandole.api.draft import Draft, drafted
from farandole.api.errors import DocumentError, Problem
from farandole.api.model import API_VERSION, Model
from farandole.api.paths import Loc, begins, loc_of, path_of
from farandole.api.problems import received
from farandole.api.spelling import nearest, spelled
from farandole.api.yaml import read_yaml

_LATER = ("ModelRun", "TrainingJob", "TuningJob")


def read_model(text: str, source: str) -> Model:
    """Read a Model document from YAML 1.2 text; `source` names it in messages.

    Raises DocumentError with all problems at once, in the order of their lines.
    """
    yaml = read_yaml(text, source)
    other = _other_kind(yaml.value)
    if other is not None:
        raise DocumentError(source, (_on_line(other, yaml.lines, ("kind",)),))
    spelling = spelled(yaml.value, Model)
    draft = drafted(spelling.value, spelling.touched)
    found = [*yaml.problems.items(), *spelling.problems]
    for loc, problem in (*draft.problems, *_findings(draft)):
        written = spelling.as_written(loc)
        found.append((written, replace(problem, path=path_of(written))))
    problems = [_on_line(problem, yaml.lines, loc) for loc, problem in found]
    if draft.model is None or problems:
        raise DocumentError(source, tuple(sorted(problems, key=lambda p: (p.line or 0, p.path))))
    return draft.model


def _other_kind(value: Any) -> Problem | None:
    """Refuse a document that was never meant as a Model."""
    if not isinstance(value, dict):
        return Problem("", received(value), f"a map that begins with apiVersion: {API_VERSION}")
    kind = value.get("kind")
    if not isinstance(kind, str) or (nearest(kind, ["Model"]) and kind not in _LATER):
        return None
    later = ", which is not yet served" if kind in _LATER else ""
    return Problem("kind", f'"{kind}"{later}', "Model")


def _findings(draft: Draft) -> Iterator[tuple[Loc, Problem]]:
    """Check the parts against each other; a finding that rests on a wrong part is no news."""
    if draft.model is None:
        return
    for finding in _all_findings(draft.model):
        places = [loc_of(path) or () for path in (finding.problem.path, *finding.reads)]
        if not any(_overlap(place, dropped) for place in places for dropped in draft.dropped):
            yield places[0], finding.problem


def _all_findings(model: Model) -> Iterator[Finding]:
    recipe = model.spec.recipe
    for check in (task_findings, network_findings, tuning_findings):
        yield from (finding.inside("spec.recipe") for finding in check(recipe))
    yield from (finding.inside("spec") for finding in placement_findings(model.spec))


def _overlap(one: Loc, other: Loc) -> bool:
    return begins(one, other) or begins(other, one)


def _on_line(problem: Problem, lines: dict[Loc, int], loc: Loc) -> Problem:
    known = (loc[:length] for length in range(len(loc), -1, -1) if loc[:length] in lines)
    return replace(problem, line=problem.line or lines.get(next(known, ())))
