"""Checkpoints: complete or absent, fenced against writers that came back from the dead.

`<prefix>/<step>-<fence>/arrays.bin`, then `manifest.json`; `<prefix>/fences/<fence>` marks each
writer that ever began. Nothing is renamed, and no two writers share a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from farandole.api.errors import DataError, RingError
from farandole.ring.manifest import (
    FORMAT,
    Manifest,
    TornCheckpoint,
    pack,
    seal,
    unpack,
    unseal,
)
from farandole.ring.standing import Standing
from farandole.ring.stores import Store

Variables = Mapping[str, NDArray[Any]]
ARRAYS, MANIFEST = "arrays.bin", "manifest.json"


@dataclass(frozen=True, order=True)
class Place:
    """One checkpoint's place: after `step` finished steps, by writer `fence`."""

    step: int
    fence: int

    @property
    def folder(self) -> str:
        """The folder's name; names sort as steps do."""
        return f"{self.step:010d}-{self.fence:06d}"


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint that was read back; `torn` names the newer ones that were not."""

    manifest: Manifest
    arrays: list[NDArray[Any]]
    torn: tuple[str, ...] = ()


def read(store: Store, prefix: str, place: Place) -> Checkpoint:
    """Read one checkpoint; raises `TornCheckpoint` where it is damaged, incomplete or gone."""
    folder = f"{prefix}/{place.folder}"
    try:
        manifest = unseal(store.get(f"{folder}/{MANIFEST}"))
        return Checkpoint(manifest, unpack(store.get(f"{folder}/{ARRAYS}"), manifest))
    except DataError as error:
        raise TornCheckpoint(str(error)) from error


def place_of(key: str) -> Place | None:
    """Return which checkpoint a manifest's key is of; None for any other key."""
    folder, _, name = key.rpartition("/")
    if name != MANIFEST:
        return None
    step, _, fence = folder.rpartition("/")[2].partition("-")
    return Place(int(step), int(fence)) if step.isdigit() and fence.isdigit() else None


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one job under `prefix`, for the writer whose number is `fence`.

    The newest `keep` and the best one are kept.
    """

    store: Store
    prefix: str
    identity: str
    fence: int
    keep: int
    lanes: int
    global_batch: int
    world_size: int

    def begin(self) -> None:
        """Take the job over: from now on writers of a lower number are refused."""
        self._refuse_when_passed()
        self.store.put_if_absent(f"{self.prefix}/fences/{self.fence:06d}", b"")

    def write(self, standing: Standing, variables: Variables) -> None:
        """Write a checkpoint, data first and manifest last; then drop the ones not to be kept."""
        self._refuse_when_passed()
        place = Place(standing.steps, self.fence)
        packed = pack(variables)
        manifest = Manifest(
            format=FORMAT,
            identity=self.identity,
            fence=self.fence,
            lanes=self.lanes,
            global_batch=self.global_batch,
            world_size=self.world_size,
            standing=standing,
            arrays=packed.arrays,
            size=len(packed.content),
            sha256=packed.sha256,
        )
        self.store.put(self._key(place, ARRAYS), packed.content)
        self._refuse_when_passed()
        self.store.put(self._key(place, MANIFEST), seal(manifest))
        self._rotate(standing)

    def latest(self) -> Checkpoint | None:
        """Return the newest complete checkpoint; None where there is none.

        Raises `RingError` where it belongs to another recipe.
        """
        torn: list[str] = []
        for place in reversed(self._places()):
            try:
                found = read(self.store, self.prefix, place)
            except TornCheckpoint as error:
                torn.append(f"checkpoint of step {place.step} is not complete ({error}); skipped")
                continue
            self._refuse_foreign(found.manifest)
            return Checkpoint(found.manifest, found.arrays, tuple(torn))
        return None

    def at(self, step: int) -> Checkpoint:
        """Return the complete checkpoint of `step`; raises `RingError` where there is none."""
        for place in reversed(self._places()):
            if place.step == step:
                try:
                    return read(self.store, self.prefix, place)
                except TornCheckpoint:
                    continue
        raise RingError(
            f"{self.prefix}: expected the checkpoint of step {step}, which was the best, and "
            "received none that is complete; remove this folder to train again"
        )

    def _places(self) -> list[Place]:
        folders = {key.split("/", 1)[0] for key in self._names("")}
        return sorted(_place(folder) for folder in folders if folder != "fences")

    def _names(self, folder: str) -> list[str]:
        under = f"{self.prefix}/{folder}".rstrip("/")
        return [listed.key[len(under) + 1 :] for listed in self.store.list(under)]

    def _key(self, place: Place, name: str) -> str:
        return f"{self.prefix}/{place.folder}/{name}"

    def _refuse_when_passed(self) -> None:
        newest = max((int(name) for name in self._names("fences")), default=self.fence)
        if newest > self.fence:
            raise RingError(
                f"{self.prefix}: expected to be the newest writer, received writer {newest} after "
                f"our {self.fence}; another run has taken this job over, so this one stops"
            )

    def _refuse_foreign(self, manifest: Manifest) -> None:
        ours = (self.identity, self.lanes, self.global_batch)
        theirs = (manifest.identity, manifest.lanes, manifest.global_batch)
        if ours != theirs:
            raise RingError(
                f"{self.prefix}: expected a checkpoint of (identity, lanes, globalBatch) {ours}, "
                f"received one of {theirs}; use another job name"
            )

    def _rotate(self, standing: Standing) -> None:
        """Drop all but the newest `keep` and the best; those of later steps were left torn."""
        done = [place for place in self._places() if place.step <= standing.steps]
        kept = {*done[-self.keep :], *(place for place in done if place.step == standing.best_step)}
        for place in sorted(set(self._places()) - kept):
            self.store.delete(self._key(place, MANIFEST))
            self.store.delete_prefix(f"{self.prefix}/{place.folder}")


def _place(folder: str) -> Place:
    step, fence = folder.split("-")
    return Place(int(step), int(fence))
