"""`farandole runs`: what was trained here, and how it ended."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from math import nan

import typer
from rich.table import Table

from farandole.api import Outcome
from farandole.cli.consoles import out
from farandole.cli.ending import ending
from farandole.cli.figures import decimals, figure
from farandole.cli.options import STATE, Json, StateFolder
from farandole.cli.outcomes import outcome_json
from farandole.flows.answer import outcomes
from farandole.flows.state import State


def runs(state: StateFolder = STATE, json: Json = False) -> None:
    """List every identity that was trained here, with its decision and its version."""
    with ending(json):
        found = outcomes(State(state))
        if json:
            typer.echo(jsonlib.dumps([outcome_json(outcome, State(state)) for outcome in found]))
        elif found:
            out().print(runs_table(found))
        else:
            nothing = f"Nothing was trained in {state} yet: farandole run DOCUMENT begins."
            out().print(nothing, soft_wrap=True)


def runs_table(found: Sequence[Outcome]) -> Table:
    """Lay out outcomes, one a line, in the order in which they ended."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("ended", "verdict", "metric", "version", "identity"):
        table.add_column(column, overflow="fold")
    for outcome in found:
        table.add_row(
            outcome.finished[:10],
            outcome.verdict,
            _measured(outcome),
            _version(outcome),
            outcome.identity[:8],
        )
    return table


def _version(outcome: Outcome) -> str:
    alias = f" @{outcome.alias}" if outcome.alias else ""
    return f"{outcome.registered_model}/{outcome.version or 'none'}{alias}"


def _measured(outcome: Outcome) -> str:
    value = nan if outcome.value is None else outcome.value
    return f"{outcome.metric} {figure(value, decimals([value]))}"
