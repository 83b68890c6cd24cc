"""Checkpoints as somebody who never writes reads them."""

from __future__ import annotations

from farandole.api.errors import DataError
from farandole.ring.checkpoints import Checkpoint, Place
from farandole.ring.manifest import TornCheckpoint, unpack, unseal
from farandole.ring.stores import Store

MANIFEST = "manifest.json"


def place_of(key: str) -> Place | None:
    """Return which checkpoint a manifest's key is of; None for any other key."""
    folder, _, name = key.rpartition("/")
    if name != MANIFEST:
        return None
    step, _, fence = folder.rpartition("/")[2].partition("-")
    return Place(int(step), int(fence)) if step.isdigit() and fence.isdigit() else None


def read(store: Store, prefix: str, place: Place) -> Checkpoint:
    """Read one checkpoint; raises `TornCheckpoint` where it is damaged, incomplete or gone."""
    folder = f"{prefix}/{place.folder}"
    try:
        manifest = unseal(store.get(f"{folder}/{MANIFEST}"))
        return Checkpoint(manifest, unpack(store.get(f"{folder}/arrays.bin"), manifest))
    except DataError as error:
        raise TornCheckpoint(str(error)) from error
