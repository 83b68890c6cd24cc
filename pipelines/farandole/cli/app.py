"""The program: its commands, and what is said of all of them."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from farandole.cli import compile as compiling
from farandole.cli import lineage, predict, run, runs, schema, ui

EXIT_CODES = (
    "Exit codes: 0 promoted, or trained before and promoted then · 1 a defect of Farandole · "
    "2 the document or the command line · 3 refused by the gate · 4 data, store or weights · "
    "5 the ring · 130 interrupted"
)

app = typer.Typer(
    name="farandole",
    help="Declare a model; Farandole keeps it trained.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in (run.run, compiling.compile_, schema.schema, predict.predict):
    app.command(name=command.__name__.rstrip("_"), epilog=EXIT_CODES)(command)
for command in (lineage.lineage, runs.runs, ui.ui):
    app.command(name=command.__name__, epilog=EXIT_CODES)(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("farandole"))
        raise typer.Exit


@app.callback()
def program(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Say which version."
        ),
    ] = False,
) -> None:
    """Declare a model; Farandole keeps it trained."""
