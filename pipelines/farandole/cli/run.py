"""`farandole run`: from one document to a registered model."""

from __future__ import annotations

import json as jsonlib
import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from farandole.api import Model
from farandole.cli.consoles import err, out
from farandole.cli.documents import read_document
from farandole.cli.ending import ending
from farandole.cli.options import STATE, Document, Json, StateFolder
from farandole.cli.outcomes import outcome_json
from farandole.cli.summary import summary
from farandole.cli.watching import watching
from farandole.flows.local import Request, run_document
from farandole.flows.state import State


def run(
    document: Document,
    state: StateFolder = STATE,
    ranks: Annotated[
        int, typer.Option(help="Processes that train; 0: as many as cores, at most 2.", min=0)
    ] = 0,
    json: Json = False,
) -> None:
    """Train, evaluate and register what a document declares.

    What was trained before is answered at once; what was interrupted goes on where it stopped.
    """
    with ending(json):
        model = read_document(document)
        notices = not_used_here(model)
        request = Request(model, document.parent, State(state), ranks, _attempt(datetime.now(UTC)))
        if not json:
            _show(notices)
        with watching(err(), silent=json) as watch:
            ran = run_document(request, watch)
        if json:
            told = outcome_json(ran.outcome, request.state)
            seconds = ran.seconds or ran.outcome.seconds
            here = {"known": ran.known, "seconds": seconds, "notices": notices}
            typer.echo(jsonlib.dumps({**told, **here}))
        else:
            out().print(summary(ran, request.state, confidence(model)))
        raise typer.Exit(ran.outcome.exit_code)


def confidence(model: Model) -> float:
    """Return the confidence of the intervals that the gate looks at."""
    return model.spec.promotion.gate.confidence


def not_used_here(model: Model) -> list[str]:
    """Tell in a line what the document declares that one machine does not use; mostly nothing."""
    paths = model.spec.only_on_a_cluster()
    return [f"Used on a cluster only, not by this run: {', '.join(paths)}"] if paths else []


def _show(notices: list[str]) -> None:
    for notice in notices:
        err().print(notice, style="yellow", markup=False, highlight=False, soft_wrap=True)


def _attempt(now: datetime) -> str:
    return f"{now:%Y%m%d-%H%M%S}-{os.getpid()}"
