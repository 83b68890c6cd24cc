"""The manifest of a checkpoint: the last object written, and the only one that makes it count."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from farandole.ring.standing import Standing

FORMAT = 1
PIECE = 2**20  # bytes that are copied at once, while no other thread can run Python


class TornCheckpoint(Exception):  # noqa: N818  the name says what is so
    """The checkpoint is incomplete or damaged; the one before it counts."""


class Array(BaseModel):
    """Where one array lies in the data object."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    size: int


@dataclass(frozen=True)
class Packed:
    """The data object of a checkpoint: its bytes, where each array lies in them, its checksum."""

    content: bytes
    arrays: tuple[Array, ...]
    sha256: str


class Manifest(BaseModel):
    """Everything a checkpoint holds beside its arrays; `sha256` and `size` are of the data object.

    `world_size` says how many ranks wrote it; any number may resume it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    identity: str
    fence: int
    lanes: int
    global_batch: int
    world_size: int
    standing: Standing
    arrays: tuple[Array, ...]
    size: int
    sha256: str


def seal(manifest: Manifest) -> bytes:
    """Return the stored form of a manifest: its JSON with a checksum of its own."""
    body = manifest.model_dump(mode="json")
    return _canonical({"checksum": checksum(_canonical(body)), **body})


def unseal(content: bytes) -> Manifest:
    """Read a stored manifest; raises `TornCheckpoint` where it is not what was written."""
    try:
        body = json.loads(content)
        if body.pop("checksum", None) != checksum(_canonical(body)):
            raise TornCheckpoint("the manifest does not have its checksum")
        return Manifest.model_validate_json(_canonical(body))
    except (ValueError, AttributeError) as error:
        raise TornCheckpoint(f"the manifest does not read: {error}") from error


def pack(variables: Mapping[str, NDArray[Any]]) -> Packed:
    """Return the bytes of all arrays one after another, copied once.

    Each piece is copied and then hashed; hashing lets other threads run, so that a step beside it
    never waits for more than one piece.
    """
    whole, digest, entries = io.BytesIO(), hashlib.sha256(), list[Array]()
    for name, value in variables.items():
        entries.append(
            Array(
                name=name,
                dtype=str(value.dtype),
                shape=value.shape,
                offset=whole.tell(),
                size=value.nbytes,
            )
        )
        for piece in _pieces(value):
            whole.write(piece)
            digest.update(piece)
    return Packed(whole.getvalue(), tuple(entries), digest.hexdigest())


def unpack(content: bytes, manifest: Manifest) -> list[NDArray[Any]]:
    """Return the arrays; raises `TornCheckpoint` where the bytes are not what was written."""
    if len(content) != manifest.size or checksum(content) != manifest.sha256:
        raise TornCheckpoint(f"the data has {len(content)} bytes and not its checksum")
    return [_array(content, entry) for entry in manifest.arrays]


def differences(stored: Sequence[Array], wanted: Mapping[str, NDArray[Any]]) -> list[str]:
    """Say how stored arrays differ from a model's, by order, shape and type; names may change."""
    if len(stored) != len(wanted):
        return [f"{len(stored)} arrays where the model has {len(wanted)}"]
    return [
        f"{entry.name} {entry.dtype} {list(entry.shape)} where the model has "
        f"{name} {value.dtype} {list(value.shape)}"
        for entry, (name, value) in zip(stored, wanted.items(), strict=True)
        if entry.shape != value.shape or entry.dtype != str(value.dtype)
    ]


def checksum(content: bytes) -> str:
    """Return the digest that a manifest holds of its data and of itself."""
    return hashlib.sha256(content).hexdigest()


def _pieces(value: NDArray[Any]) -> Iterator[memoryview]:
    content = np.ascontiguousarray(value).reshape(-1).view(np.uint8).data
    return (content[at : at + PIECE] for at in range(0, len(content), PIECE))


def _canonical(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _array(content: bytes, entry: Array) -> NDArray[Any]:
    piece = content[entry.offset : entry.offset + entry.size]
    return np.frombuffer(piece, np.dtype(entry.dtype)).reshape(entry.shape)
