"""The one folder in which a person's runs, models and scratch files lie."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from farandole.api.errors import DataError

ARGUMENTS = "arguments.json"
LOG = "pipeline.log"
PIPELINE = "pipeline.yaml"
PROGRESS = "progress.jsonl"
TASKS = "tasks"
KEPT = 20
"""Attempts whose logs are kept."""


@dataclass(frozen=True)
class State:
    """`store/` holds what is kept, `mlflow/` what MLflow shows, `work/` what need not be kept."""

    folder: Path

    @property
    def store(self) -> Path:
        """The folder of the store."""
        return self.folder.absolute() / "store"

    @property
    def mlflow(self) -> Path:
        """The folder of MLflow: its database, and the artifacts beside it."""
        return self.folder.absolute() / "mlflow"

    def tracking(self) -> str:
        """Return where MLflow is, for a command that only reads.

        Raises DataError where nothing was ever written: opening it would make an empty one.
        """
        if not self.mlflow.is_dir():
            raise DataError(
                f"{self.folder}: expected the folder of runs and models, received one in which "
                "nothing was trained; run a document first, or name the right one with --state"
            )
        return str(self.mlflow)

    @property
    def reports(self) -> Path:
        """The folder of reports, under names that a person can type."""
        return self.folder / "reports"

    @property
    def work(self) -> Path:
        """The folder of scratch files."""
        return self.folder.absolute() / "work"

    def attempt(self, name: str) -> Path:
        """Make the folder of one attempt at a run, for its log, progress and pipeline.

        Raises DataError where the state's folder cannot be made or written.
        """
        folder = self.work / "runs" / name
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise DataError(
                f"{self.folder}: expected a folder that can be written, for runs and models, "
                f"received {error.strerror}; free space or rights, or name another with --state"
            ) from error
        return folder

    def forget_old_attempts(self) -> None:
        """Remove all but the latest attempts; their names begin with the time."""
        for folder in sorted((self.work / "runs").iterdir())[:-KEPT]:
            shutil.rmtree(folder, ignore_errors=True)

    def place(self, documents: Path, ranks: int, progress: Path | None) -> str:
        """Return the JSON that tells steps where to read and write.

        documents: the folder that relative paths of the document start from.
        """
        return json.dumps(
            {
                "store": str(self.store),
                "work": str(self.work),
                "tracking": str(self.mlflow),
                "folder": str(documents.absolute()),
                "ranks": ranks,
                "progress": str(progress) if progress else None,
            }
        )
