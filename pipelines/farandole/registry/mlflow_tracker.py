"""Tracking and registering in MLflow, so that dying between any two calls changes nothing.

Every object is looked for by its identity tag before it is created, and created with that tag in
the same call; a model's files count only when its record says READY, which is said last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlparse

from farandole.registry import mlflow_versions as registered
from farandole.registry.client import EXISTS, MISSING, Calls, connect
from farandole.registry.mlflow_run import MlflowRun, earliest
from farandole.registry.once import once
from farandole.registry.tracking import (
    IDENTITY,
    TrackingError,
    Version,
    check_folder,
    check_name,
    previous,
)


class MlflowTracker:
    """Keeps runs and versions in MLflow: a SQLite file with a folder of artifacts, or a server.

    uri: MLflow's tracking URI. artifacts: the local folder of new artifacts, None where a server
    decides. connect: opens the client; tests put a recording one between.
    """

    def __init__(
        self,
        uri: str,
        artifacts: Path | None = None,
        experiment: str = "farandole",
        connect: Callable[[str], Any] = connect,
    ) -> None:
        self._uri = uri
        self._client = Calls(connect(uri), uri)
        self._experiment = self._open(experiment, artifacts)

    def run(self, identity: str, name: str, tags: Mapping[str, str]) -> MlflowRun:
        """Find the run of an identity, or start it."""
        wanted = {**tags, IDENTITY: identity}
        search, client = registered.tagged(identity), self._client
        found = once(
            lambda: sorted(client.search_runs([self._experiment], search), key=earliest),
            lambda: client.create_run(self._experiment, tags=wanted, run_name=name),
            lambda run: client.unless(MISSING, "delete_run", run.info.run_id),
        )
        run = MlflowRun(client, found.info.run_id)
        run.set_tags(wanted)
        return run

    def register(
        self, name: str, identity: str, folder: Path, tags: Mapping[str, str], owner: str
    ) -> Version:
        """Register the model in `folder` as the one version of `identity` under `name`."""
        check_name(name)
        registered.own(self._client, name, owner)
        wanted = f"{registered.named(name)} and {registered.tagged(identity)}"
        return once(
            lambda: registered.search(self._client, wanted),
            lambda: self._create(name, identity, folder, tags),
            lambda version: self._client.unless(
                MISSING, "delete_model_version", name, str(version.number)
            ),
        )

    def versions(self, name: str | None = None) -> tuple[Version, ...]:
        """List the versions of one registered model, or of all, by name and number."""
        if name is None:
            return registered.search(self._client, "")
        check_name(name)
        return registered.search(self._client, registered.named(name))

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
        registered.own(self._client, version.name, owner)
        before = self.at(version.name, alias)
        if before is None or before.number != version.number:
            if before is not None:
                self._point(version.name, previous(alias), before.number)
            self._point(version.name, alias, version.number)
        return self.at(version.name, previous(alias))

    def fetch(self, version: Version, part: str = "") -> Path:
        """Return a local path of a version's model folder, or of one file or folder in it."""
        source = self._client.get_model_version_download_uri(version.name, str(version.number))
        address = urlparse(source)
        if address.scheme in ("", "file"):
            return Path(unquote(address.path)) / part
        place = Path(self._downloads.name, version.name, str(version.number))
        place.mkdir(parents=True, exist_ok=True)
        return self._download(f"{source}/{part}" if part else source, place)

    @cached_property
    def _downloads(self) -> TemporaryDirectory[str]:
        return TemporaryDirectory(prefix="farandole-model-")

    def _create(self, name: str, identity: str, folder: Path, tags: Mapping[str, str]) -> None:
        check_folder(folder)
        run = self.run(identity, name, {})
        model = registered.logged_model(
            self._client, self._experiment, run.id, name, identity, folder
        )
        registered.create(self._client, name, run.id, model, identity, tags)

    def _point(self, name: str, alias: str, number: int) -> None:
        self._client.set_registered_model_alias(name, alias, str(number))

    def _download(self, source: str, place: Path) -> Path:
        from mlflow.artifacts import download_artifacts

        return Path(download_artifacts(source, dst_path=str(place), tracking_uri=self._uri))

    def _open(self, name: str, artifacts: Path | None) -> str:
        if self._client.get_experiment_by_name(name) is None:
            place = None if artifacts is None else artifacts.absolute().as_uri()
            self._client.unless(EXISTS, "create_experiment", name, artifact_location=place)
        experiment = self._client.get_experiment_by_name(name)
        if experiment.lifecycle_stage != "active":
            raise TrackingError(
                f"MLflow at {self._uri}: experiment {name!r}: expected an active one, received a "
                f"deleted one; run mlflow experiments restore -x {experiment.experiment_id}"
            )
        return str(experiment.experiment_id)
