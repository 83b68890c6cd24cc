"""`farandole lineage`: from a version to its rows, and from a row to the versions that saw it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from farandole.api import DocumentError, Problem
from farandole.cli.consoles import out
from farandole.cli.ending import ending
from farandole.cli.options import STATE, Json, StateFolder, registered
from farandole.flows.state import State

if TYPE_CHECKING:
    from farandole.registry import Lineage, Sighting, Tracker

SHOWN = 5
"""Rows of each split that are shown; --json tells all."""


def lineage(
    model: Annotated[
        str | None,
        typer.Argument(
            help="NAME, NAME@alias or NAME/version.", metavar="[MODEL]", autocompletion=registered
        ),
    ] = None,
    row: Annotated[
        str | None,
        typer.Option(help="A file, a row's digest, or its path: which versions saw it?"),
    ] = None,
    state: StateFolder = STATE,
    json: Json = False,
) -> None:
    """Show what a version comes from, or with --row which versions have seen a row."""
    with ending(json):
        if (model is None) == (row is None):
            raise DocumentError("farandole lineage", (_either(model, row),))
        from farandole.registry import open_tracker, sightings

        tracker = open_tracker(State(state).tracking())
        if row is not None:
            found = list(sightings(tracker, row))
            lines = ",".join(each.model_dump_json() for each in found)
            _show(f"[{lines}]" if json else sightings_table(found))
        elif model is not None:
            told = _lineage_of(model, tracker)
            _show(told.model_dump_json() if json else lineage_table(told))


def _lineage_of(model: str, tracker: Tracker) -> Lineage:
    from farandole.registry.lineage import read
    from farandole.registry.loading import find

    identity = find(model, tracker).bundle["identity"]
    return read(tracker, next(v for v in tracker.versions() if v.identity == identity))


def _show(told: str | Table) -> None:
    if isinstance(told, str):
        typer.echo(told)
    else:
        out().print(told)


def _either(model: str | None, row: str | None) -> Problem:
    received = "neither" if model is None and row is None else f"both {model} and --row {row}"
    return Problem(
        "arguments",
        received,
        "a model or --row",
        "for example: farandole lineage stamps@champion, farandole lineage --row picture.png",
    )


def lineage_table(told: Lineage) -> Table:
    """Lay out what a version comes from."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("identity", told.identity)
    table.add_row("data", told.data_digest)
    table.add_row("commit", told.git_commit or "the document lies in no Git repository")
    table.add_row("libraries", ", ".join(f"{k} {v}" for k, v in sorted(told.versions.items())))
    for part, splits in sorted(told.parts.items()):
        table.add_row(part, f"has seen {', '.join(splits)}")
    for split, rows in told.rows.items():
        table.add_row(split, f"{len(rows.paths):,} rows{_first(rows.paths)}")
    return table


def _first(paths: tuple[str, ...]) -> str:
    shown = ", ".join(paths[:SHOWN])
    return f": {shown}{', ...' if len(paths) > SHOWN else ''}" if paths else ""


def sightings_table(found: list[Sighting]) -> Table:
    """Lay out the versions that hold a row, one a line."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("version", "alias", "split", "seen by", "path", "digest"):
        table.add_column(column, overflow="fold")
    for each in found:
        table.add_row(
            f"{each.name}/{each.number}",
            ", ".join(each.aliases),
            each.split,
            ", ".join(each.seen_by) or "evaluation only",
            each.path,
            each.digest[:12],
        )
    return table
