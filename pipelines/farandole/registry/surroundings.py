"""What was around when a model was made: library versions and the document's Git commit."""

from __future__ import annotations

import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version

LIBRARIES = ("farandole", "tensorflow", "tensorflow-cpu", "keras", "horovod", "numpy", "mlflow")


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that compute, as far as they are installed."""
    found = {"python": python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def git_commit(folder: Path) -> str | None:
    """Commit of the Git checkout that holds `folder`, with `-dirty` when files in it changed.

    None without Git or outside of a checkout.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return None
    return f"{commit}-dirty" if _git(folder, "status", "--porcelain", "--", ".") else commit


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
