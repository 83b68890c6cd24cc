"""Command lines of MLflow's own servers, for what was written here."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import join

from farandole.registry.client import SETTINGS
from farandole.registry.tracking import database

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Command:
    """A program to start: its arguments, and settings to add to the environment."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]

    def __str__(self) -> str:
        """Write it as a person types it."""
        return join(self.arguments)


def ui_command(folder: Path, port: int = 5000) -> Command:
    """Show the local MLflow folder in a browser at http://127.0.0.1:<port>."""
    return _mlflow(
        *("server", "--host", HOST, "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", database(folder)),
        *("--default-artifact-root", (folder.absolute() / "artifacts").as_uri()),
    )


def serve_command(model: Path, port: int = 5001) -> Command:
    """Answer POST http://127.0.0.1:<port>/invocations from a model folder, in this environment."""
    return _mlflow(
        *("models", "serve", "--model-uri", str(model), "--host", HOST, "--port", str(port)),
        *("--env-manager", "local"),
    )


def _mlflow(*arguments: str) -> Command:
    return Command((sys.executable, "-m", "mlflow", *arguments), SETTINGS)
