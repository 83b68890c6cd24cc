"""Command lines of MLflow's own servers, for what was written here."""

from __future__ import annotations

import os
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
        *("server", "--host", HOST, "--port", str(port)),
        *("--workers", "1", "--uvicorn-opts", "--log-level warning"),
        *("--backend-store-uri", database(folder)),
        *("--artifacts-destination", (folder.absolute() / "artifacts").as_uri()),
    )


def serve_command(model: Path, port: int = 5001) -> Command:
    """Answer POST http://127.0.0.1:<port>/invocations from a model folder, in this environment.

    MLflow's server takes JSON, CSV and Parquet bodies only, so a picture goes as base64 text:
    `(printf '{"inputs":{"image":["'; base64 -w0 photo.jpg; printf '"]}}') |
    curl -H 'Content-Type: application/json' -d @- http://127.0.0.1:<port>/invocations`,
    or as bytes in a Parquet column `image`.
    """
    return _mlflow(
        *("models", "serve", "--model-uri", str(model), "--host", HOST, "--port", str(port)),
        *("--env-manager", "local"),
    )


def _mlflow(*arguments: str) -> Command:
    # MLflow starts uvicorn by its bare name, which an environment that is not activated lacks.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return Command((sys.executable, "-m", "mlflow", *arguments), {**SETTINGS, "PATH": path})
