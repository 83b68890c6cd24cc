"""The one cache: a step that has been done is looked up, not repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from farandole.api import RESULTS, digest_of
from farandole.data.store import Store
from farandole.steps.place import StepOutputs

Outputs = TypeVar("Outputs", bound=StepOutputs)


def step_key(name: str, **inputs: Any) -> str:
    """Return the store key of a step: its name, RESULTS, parameters, and the digests it reads."""
    return f"steps/{name}-{digest_of({'step': name, 'results': RESULTS, **inputs})[:32]}.json"


def cached(store: Store, key: str, kind: type[Outputs], compute: Callable[[], Outputs]) -> Outputs:
    """Return the outputs kept under `key`, or compute them and keep them, last."""
    if store.exists(key):
        return kind.model_validate_json(store.get(key))
    outputs = compute()
    store.put(key, outputs.model_dump_json().encode())
    return outputs
