"""The seam to the registry: runs, versions and aliases, and what every tracker promises of them.

A tracker is told the same thing twice whenever a process dies and starts again, so every method
here may be repeated: an identity has one run and, under each registered name, one version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from farandole.api.errors import DataError

IDENTITY = "farandole.identity"
OWNER = "farandole.owner"
NAME = re.compile(r"\w(?:[\w .-]*\w)?")


class TrackingError(DataError):
    """MLflow could not be reached, or refused what it was asked; carries its error code."""

    def __init__(self, message: str, code: str = "") -> None:
        self.code = code
        super().__init__(message)


class RegisteredModelOwnedError(DataError):
    """The registered model belongs to another Model document; nothing was written."""

    def __init__(self, name: str, owner: str, holder: str | None) -> None:
        held = f"of {holder!r}" if holder else "without an owner"
        super().__init__(
            f"registered model {name!r}: expected one of {owner!r}, received one {held}; choose "
            f"another promotion.registeredModel, or give it away by setting its tag {OWNER}"
        )


class Version(BaseModel):
    """One registered version: who it is, where its run is, and the aliases that point at it."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="registered model")
    number: int = Field(ge=1)
    identity: str
    run: str = Field(description="id of the MLflow run that made it")
    tags: Mapping[str, str] = Field(default_factory=dict)
    aliases: tuple[str, ...] = ()

    @property
    def uri(self) -> str:
        """The address that MLflow itself understands."""
        return f"models:/{self.name}/{self.number}"


@dataclass(frozen=True)
class Point:
    """The value of one metric at one step."""

    key: str
    value: float
    step: int


class RunRecord(BaseModel):
    """What a run holds, read back."""

    model_config = ConfigDict(frozen=True)

    name: str
    finished: bool
    tags: Mapping[str, str]
    params: Mapping[str, str]
    artifacts: tuple[str, ...] = Field(description="paths of the files, sorted")


class Run(Protocol):
    """The one run of an identity."""

    @property
    def id(self) -> str:
        """The tracker's own id of this run."""

    def log_metrics(self, points: Sequence[Point]) -> None:
        """Log points in bounded batches; a step that a metric already has keeps its first value."""

    def log_params(self, params: Mapping[str, str]) -> None:
        """Log parameters; one already logged keeps its first value."""

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags, replacing those of the same key."""

    def log_artifact(self, path: Path, folder: str = "") -> None:
        """Keep a file with the run, replacing one of the same name."""

    def finish(self) -> None:
        """Mark the run as finished."""

    def history(self, key: str) -> tuple[tuple[int, float], ...]:
        """(step, value) of a metric, by step."""

    def read(self) -> RunRecord:
        """Read back what the run holds."""


class Tracker(Protocol):
    """Keeps runs and registered versions."""

    def run(self, identity: str, name: str, tags: Mapping[str, str]) -> Run:
        """Find the run of an identity, or start it."""

    def register(
        self, name: str, identity: str, folder: Path, tags: Mapping[str, str], owner: str
    ) -> Version:
        """Register the model in `folder` as the one version of `identity` under `name`.

        The version is looked up by its identity first; then `folder` is not read at all.
        Raises RegisteredModelOwnedError when `name` belongs to another owner.
        """

    def versions(self, name: str | None = None) -> tuple[Version, ...]:
        """List the versions of one registered model, or of all, by name and number."""

    def version(self, name: str, number: int) -> Version | None:
        """Find a version by its number."""

    def version_of(self, name: str, identity: str) -> Version | None:
        """Find the version of an identity."""

    def at(self, name: str, alias: str) -> Version | None:
        """Find the version that an alias points at."""

    def promote(self, version: Version, alias: str, owner: str) -> Version | None:
        """Point `alias` at `version` and `<alias>-previous` at what it pointed at; return that.

        Going back is the same call with an older version.
        """

    def fetch(self, version: Version, part: str = "") -> Path:
        """Return a local path of a version's model folder, or of one file or folder in it."""


def previous(alias: str) -> str:
    """Name the alias that remembers what `alias` pointed at before."""
    return f"{alias}-previous"


def check_owner(name: str, owner: str, holder: str | None, versions: bool) -> None:
    """Refuse a registered model of another owner; one without owner may be taken while empty."""
    if holder != owner and (holder or versions):
        raise RegisteredModelOwnedError(name, owner, holder)


def check_name(name: str) -> None:
    """Refuse a name that MLflow, its addresses or its filters cannot carry."""
    if not NAME.fullmatch(name):
        raise DataError(
            f"registered model {name!r}: expected letters, digits, '.', '_', '-' or spaces between "
            "them; change promotion.registeredModel"
        )


def check_folder(folder: Path) -> None:
    """Refuse to register what is no model: MLflow would upload nothing and call it ready."""
    if not (folder / "MLmodel").is_file():
        raise DataError(f"{folder}: expected an MLflow model folder with a file MLmodel")


def open_tracker(address: str) -> Tracker:
    """Open MLflow at a tracking URI, or in a local folder (SQLite beside its artifacts)."""
    from farandole.registry.mlflow_tracker import MlflowTracker

    if "://" in address:
        return MlflowTracker(address)
    from farandole.registry.client import make_database

    folder = Path(address).absolute()
    uri = database(folder)
    make_database(Path(uri.removeprefix("sqlite:///")))
    return MlflowTracker(uri, folder / "artifacts")


def database(folder: Path) -> str:
    """Name the SQLite database of a local MLflow folder, which is made when missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrackingError(
            f"{folder}: expected a folder for MLflow to write to: {error}"
        ) from error
    return f"sqlite:///{folder.absolute() / 'mlflow.db'}"
