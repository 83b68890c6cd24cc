"""Registered versions in MLflow: looked up with their aliases, created exactly once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from farandole.registry.client import EXISTS, MISSING, Calls
from farandole.registry.once import once
from farandole.registry.tracking import IDENTITY, OWNER, TrackingError, Version, check_owner

PAGE = 200


def tagged(identity: str) -> str:
    """MLflow's filter for what carries an identity."""
    return f"tags.`{IDENTITY}` = '{identity}'"


def named(name: str) -> str:
    """MLflow's filter for what has a name; it knows no escape, so a name holds no quote."""
    return f"name = '{name}'"


def search(client: Calls, wanted: str) -> tuple[Version, ...]:
    """List the versions of ours that a filter finds, by name and number."""
    found = [version for version in _pages(client, wanted) if IDENTITY in version.tags]
    aliases = {name: _aliases(client, name) for name in {version.name for version in found}}
    versions = (_version(version, aliases[version.name]) for version in found)
    return tuple(sorted(versions, key=lambda version: (version.name, version.number)))


def own(client: Calls, name: str, owner: str) -> None:
    """See that the registered model is there and `owner`'s; raises RegisteredModelOwnedError."""
    model = _model(client, name)
    if model is None:
        client.unless(EXISTS, "create_registered_model", name, tags={OWNER: owner})
        model = _model(client, name)
    holder = model.tags.get(OWNER)
    used = holder is None and any(True for _ in _pages(client, named(name)))
    check_owner(name, owner, holder, versions=used)
    if holder is None:
        client.set_registered_model_tag(name, OWNER, owner)


def create(
    client: Calls, name: str, run: str, model: Any, identity: str, tags: Mapping[str, str]
) -> None:
    """Create a version of a logged model, with its tags in the same call."""
    client.create_model_version(
        name,
        # Not models:/<id>: MLflow 3.17 resolves that through the process-wide tracking URI.
        source=model.artifact_location,
        run_id=run,
        tags={**tags, IDENTITY: identity},
        model_id=model.model_id,
    )


def logged_model(
    client: Calls, experiment: str, run: str, name: str, identity: str, folder: Path
) -> Any:
    """Find the logged model of an identity, or upload `folder`; READY is said last."""
    model = once(
        lambda: sorted(
            client.search_logged_models([experiment], tagged(identity)),
            key=lambda found: (found.creation_timestamp, found.model_id),
        ),
        lambda: client.create_logged_model(
            experiment, name, run, tags={IDENTITY: identity}, model_type="farandole"
        ),
        lambda found: client.unless(MISSING, "delete_logged_model", found.model_id),
    )
    if model.status.value != "READY":
        client.log_model_artifacts(model.model_id, str(folder))
        _show_output(client, run, model.model_id)
        client.finalize_logged_model(model.model_id, "READY")
    return model


def _show_output(client: Calls, run: str, model: str) -> None:
    """Make MLflow's page of the run name its model; MLflow refuses to be told that twice."""
    from mlflow.entities import LoggedModelOutput

    if _is_output(client, run, model):
        return
    try:
        client.log_outputs(run, [LoggedModelOutput(model, step=0)])
    except TrackingError:
        if not _is_output(client, run, model):
            raise


def _is_output(client: Calls, run: str, model: str) -> bool:
    outputs = client.get_run(run).outputs.model_outputs
    return any(output.model_id == model for output in outputs)


def _model(client: Calls, name: str) -> Any:
    return next(iter(client.search_registered_models(named(name))), None)


def _aliases(client: Calls, name: str) -> dict[str, int]:
    """Aliases of a model: MLflow leaves them out of the versions that a search finds."""
    model = _model(client, name)
    return {alias: int(number) for alias, number in model.aliases.items()} if model else {}


def _pages(client: Calls, wanted: str) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_model_versions(wanted, max_results=PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _version(found: Any, aliases: Mapping[str, int]) -> Version:
    number = int(found.version)
    return Version(
        name=found.name,
        number=number,
        identity=found.tags[IDENTITY],
        run=found.run_id or "",
        tags=dict(found.tags),
        aliases=tuple(sorted(alias for alias, target in aliases.items() if target == number)),
    )
