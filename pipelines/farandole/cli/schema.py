"""`farandole schema`: what may stand in a document."""

from __future__ import annotations

import json

import typer


def schema() -> None:
    """Print the JSON schema of a Model document, for editors and checkers."""
    from farandole import api

    typer.echo(json.dumps(api.schema(), indent=2, ensure_ascii=False))
