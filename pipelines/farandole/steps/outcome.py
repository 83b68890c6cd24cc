"""The outcome of a run, kept under its identity."""

from __future__ import annotations

from farandole.api import Outcome
from farandole.data.store import Store


def outcome_of(store: Store, identity: str) -> Outcome | None:
    """Return how the training of this identity ended, None when it has not."""
    key = outcome_key(identity)
    return Outcome.model_validate_json(store.get(key)) if store.exists(key) else None


def outcome_key(identity: str) -> str:
    """Return where the outcome of an identity is kept; it is written last."""
    return f"runs/{identity}/outcome.json"
