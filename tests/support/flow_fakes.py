"""A model whose steps compute nothing: the pipeline, its processes and the store are real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STEPS = Path(__file__).parent / "fake_steps"

DOCUMENT = """
apiVersion: farandole.dev/v1alpha1
kind: Model
metadata: {name: stamps}
spec:
  recipe:
    task: {kind: ImageClassification}
    data: {images: stamps}
    features: {network: EfficientNetLite0}
"""


@dataclass(frozen=True)
class Fake:
    """A folder with a document, and the state beside it."""

    folder: Path

    @property
    def document(self) -> Path:
        """The document."""
        return self.folder / "stamps.yaml"

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.folder / ".farandole"

    def turns(self) -> list[str]:
        """The steps that were run, in order."""
        path = self.folder / "turns.txt"
        return path.read_text().split() if path.exists() else []

    def behave(self, **steps: Mapping[str, Any]) -> None:
        """Tell the steps what to do."""
        (self.folder / "behaviour.json").write_text(json.dumps(steps))

    def command(self, *arguments: str) -> list[str]:
        """The command line of `farandole` with this state."""
        return [sys.executable, "-m", "farandole.cli", *arguments, "--state", str(self.state)]

    def run(self, *more: str) -> subprocess.CompletedProcess[str]:
        """Type `farandole run` on the document and wait for its end."""
        return self.farandole("run", str(self.document), *more)

    def farandole(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Type `farandole` with arguments and wait for its end."""
        return subprocess.run(
            self.command(*arguments),
            env=environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def start(self, *more: str) -> subprocess.Popen[str]:
        """Type `farandole run` on the document and go on."""
        return subprocess.Popen(
            self.command("run", str(self.document), *more),
            env=environment(),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def environment() -> dict[str, str]:
    """The environment in which `farandole.steps` are the fakes."""
    return {**os.environ, "PYTHONPATH": str(STEPS), "COLUMNS": "80"}


def fake(folder: Path) -> Fake:
    """Write a document with its data into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Fake(folder)
    made.document.write_text(DOCUMENT)
    (folder / "data.txt").write_text("stamps")
    return made
