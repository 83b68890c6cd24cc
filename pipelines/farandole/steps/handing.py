"""How outputs travel from one step to the next, as JSON."""

from __future__ import annotations

import hashlib
import json

from farandole.data.store import Store, open_store
from farandole.steps.place import Place

LARGEST = 8_192
"""Bytes of outputs that travel from step to step as they are."""

STORED = "stored outputs"


def hand_over(place: str, outputs: str) -> str:
    """Return outputs as they travel between steps: large ones lie in the store under their digest.

    They travel in command lines, of which Linux takes 128 KiB an argument, and in Kubernetes
    objects: the history of a thousand epochs does not fit.
    """
    content = outputs.encode()
    if len(content) <= LARGEST:
        return outputs
    key = f"outputs/{hashlib.sha256(content).hexdigest()}.json"
    _store(place).put(key, content)
    return json.dumps({STORED: key})


def taken(place: str, outputs: str) -> str:
    """Return outputs as their step gave them, wherever they lie."""
    stored = json.loads(outputs).get(STORED)
    return _store(place).get(stored).decode() if stored else outputs


def fetch(place: str, key: str) -> bytes:
    """Read what a step has left in the store."""
    return _store(place).get(key)


def _store(place: str) -> Store:
    return open_store(Place.model_validate_json(place).store)
