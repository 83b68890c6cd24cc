"""Which identity an alias serves, noted in the store so that looking it up loads no MLflow."""

from __future__ import annotations

from collections.abc import Callable

from farandole.api import Model, Outcome
from farandole.data.store import Store
from farandole.registry.tracking import Tracker


def note_served(store: Store, model: Model, identity: str) -> None:
    """Note that the document's alias points at the version of `identity`."""
    store.put(_key(model), identity.encode())


def serve_again(
    store: Store, model: Model, outcome: Outcome, opened: Callable[[], Tracker]
) -> None:
    """Point the alias back at an identity that was promoted before: a revert trains nothing.

    `opened` opens the tracker; it is called only where the alias serves something else.
    """
    if outcome.verdict != "Promoted" or _served(store, model) == outcome.identity:
        return
    tracker = opened()
    version = tracker.version_of(model.registered_model, outcome.identity)
    if version is not None:
        tracker.promote(version, model.spec.promotion.alias, owner(model))
        note_served(store, model, outcome.identity)


def owner(model: Model) -> str:
    """Name the document that a registered model belongs to."""
    return f"{model.metadata.namespace or 'local'}/{model.metadata.name}"


def _served(store: Store, model: Model) -> str | None:
    key = _key(model)
    return store.get(key).decode() if store.exists(key) else None


def _key(model: Model) -> str:
    return f"served/{model.registered_model}/{model.spec.promotion.alias}"
