"""`farandole ui`: MLflow on what was written here."""

from __future__ import annotations

import os
import subprocess
from typing import Annotated

import typer

from farandole.cli.consoles import err
from farandole.cli.ending import ending
from farandole.cli.options import STATE, StateFolder
from farandole.flows.state import State


def ui(
    state: StateFolder = STATE,
    port: Annotated[int, typer.Option(help="Port on this machine.", min=1, max=65535)] = 5000,
) -> None:
    """Show runs, curves and versions in MLflow, in a browser on this machine, until Ctrl-C."""
    from farandole.registry import ui_command

    with ending(as_json=False):
        command = ui_command(State(state).mlflow, port)
        err().print(f"MLflow at http://127.0.0.1:{port} (Ctrl-C ends it)")
        server = subprocess.Popen(command.arguments, env={**os.environ, **command.environment})
        try:
            raise typer.Exit(server.wait())
        except KeyboardInterrupt:
            server.terminate()
            server.wait()
