"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from farandole.flows.answer import outcomes
from farandole.flows.state import State

STATE = Path(".farandole")


def registered(incomplete: str) -> list[str]:
    """Complete the name of a registered model."""
    names = {outcome.registered_model for outcome in outcomes(State(STATE))}
    return sorted(name for name in names if name.startswith(incomplete))


Document = Annotated[
    Path, typer.Argument(help="A Model document (YAML).", metavar="DOCUMENT", show_default=False)
]
StateFolder = Annotated[
    Path, typer.Option("--state", help="The folder of runs and models.", metavar="FOLDER")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")]
