"""A tracker in memory: the whole contract without MLflow, for tests and for trying things out."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from farandole.registry.tracking import (
    IDENTITY,
    Point,
    RunRecord,
    Version,
    check_folder,
    check_name,
    check_owner,
    previous,
)


@dataclass
class InMemoryRun:
    """A run kept in dictionaries."""

    id: str
    name: str
    folder: Path
    tags: dict[str, str]
    params: dict[str, str] = field(default_factory=dict)
    points: dict[str, dict[int, float]] = field(default_factory=dict)
    finished: bool = False

    def log_metrics(self, points: Sequence[Point]) -> None:
        """Log points; a step that a metric already has keeps its first value."""
        for point in points:
            self.points.setdefault(point.key, {}).setdefault(point.step, point.value)

    def log_params(self, params: Mapping[str, str]) -> None:
        """Log parameters; one already logged keeps its first value."""
        self.params = {**params, **self.params}

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags, replacing those of the same key."""
        self.tags.update(tags)

    def log_artifact(self, path: Path, folder: str = "") -> None:
        """Keep a file with the run, replacing one of the same name."""
        place = self.folder / folder
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place / path.name)

    def finish(self) -> None:
        """Mark the run as finished."""
        self.finished = True

    def history(self, key: str) -> tuple[tuple[int, float], ...]:
        """(step, value) of a metric, by step."""
        return tuple(sorted(self.points.get(key, {}).items()))

    def read(self) -> RunRecord:
        """Read back what the run holds."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return RunRecord(
            name=self.name,
            finished=self.finished,
            tags=dict(self.tags),
            params=dict(self.params),
            artifacts=tuple(sorted(path.relative_to(self.folder).as_posix() for path in files)),
        )


@dataclass
class RegisteredModel:
    """A name, whose it is, its versions by number and its aliases."""

    owner: str
    versions: dict[int, Version] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)


class InMemoryTracker:
    """Keeps runs and versions as long as it lives; model folders are copied to a temporary one."""

    def __init__(self) -> None:
        self._place = TemporaryDirectory(prefix="farandole-tracker-")
        self._runs: dict[str, InMemoryRun] = {}
        self._models: dict[str, RegisteredModel] = {}

    def run(self, identity: str, name: str, tags: Mapping[str, str]) -> InMemoryRun:
        """Find the run of an identity, or start it."""
        if identity not in self._runs:
            number = f"run-{len(self._runs) + 1}"
            folder = Path(self._place.name, number)
            folder.mkdir()
            self._runs[identity] = InMemoryRun(number, name, folder, {IDENTITY: identity})
        self._runs[identity].set_tags(tags)
        return self._runs[identity]

    def register(
        self, name: str, identity: str, folder: Path, tags: Mapping[str, str], owner: str
    ) -> Version:
        """Register the model in `folder` as the one version of `identity` under `name`."""
        check_name(name)
        model = self._owned(name, owner)
        found = self.version_of(name, identity)
        if found is not None:
            return found
        check_folder(folder)
        number = len(model.versions) + 1
        shutil.copytree(folder, self._folder(name, number))
        model.versions[number] = Version(
            name=name,
            number=number,
            identity=identity,
            run=self.run(identity, name, {}).id,
            tags={**tags, IDENTITY: identity},
        )
        return model.versions[number]

    def versions(self, name: str | None = None) -> tuple[Version, ...]:
        """List the versions of one registered model, or of all, by name and number."""
        names = sorted(self._models) if name is None else [name] if name in self._models else []
        return tuple(
            self._seen(self._models[key], version)
            for key in names
            for _, version in sorted(self._models[key].versions.items())
        )

    def version(self, name: str, number: int) -> Version | None:
        """Find a version by its number."""
        return next((each for each in self.versions(name) if each.number == number), None)

    def version_of(self, name: str, identity: str) -> Version | None:
        """Find the version of an identity."""
        return next((each for each in self.versions(name) if each.identity == identity), None)

    def at(self, name: str, alias: str) -> Version | None:
        """Find the version that an alias points at."""
        return next((each for each in self.versions(name) if alias in each.aliases), None)

    def promote(self, version: Version, alias: str, owner: str) -> Version | None:
        """Point `alias` at `version` and `<alias>-previous` at what it pointed at; return that."""
        model = self._owned(version.name, owner)
        before = self.at(version.name, alias)
        if before is not None and before.number != version.number:
            model.aliases[previous(alias)] = before.number
        model.aliases[alias] = version.number
        return self.at(version.name, previous(alias))

    def fetch(self, version: Version, part: str = "") -> Path:
        """Return a local path of a version's model folder, or of one file or folder in it."""
        return self._folder(version.name, version.number) / part

    def _owned(self, name: str, owner: str) -> RegisteredModel:
        model = self._models.setdefault(name, RegisteredModel(owner))
        check_owner(name, owner, model.owner, versions=bool(model.versions))
        return model

    def _folder(self, name: str, number: int) -> Path:
        return Path(self._place.name, "models", name, str(number))

    def _seen(self, model: RegisteredModel, version: Version) -> Version:
        aliases = tuple(
            sorted(a for a, number in model.aliases.items() if number == version.number)
        )
        return version.model_copy(update={"aliases": aliases})
