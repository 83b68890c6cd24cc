"""What the ring asks of a store, and one that lives in memory for runs that keep nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from farandole.api.errors import DataError


class Listed(Protocol):
    """One object of a listing."""

    @property
    def key(self) -> str:
        """The object's key."""
        ...


class Store(Protocol):
    """Objects by key; a reader sees an object complete or not at all."""

    def get(self, key: str) -> bytes:
        """Read an object; raises `DataError` where there is none."""
        ...

    def put(self, key: str, content: bytes) -> None:
        """Write or replace an object."""
        ...

    def put_if_absent(self, key: str, content: bytes) -> bool:
        """Write an object unless there is one; True when we wrote it."""
        ...

    def list(self, prefix: str) -> Iterator[Listed]:
        """List the objects under a folder of keys, sorted."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; none there is fine."""
        ...

    def delete_prefix(self, prefix: str) -> None:
        """Remove all objects under a folder of keys."""
        ...


@dataclass(frozen=True)
class _Key:
    key: str


@dataclass(frozen=True)
class MemoryStore:
    """Objects that end with the process."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def get(self, key: str) -> bytes:
        """Return an object; raises `DataError` where there is none."""
        if key not in self.objects:
            raise DataError(f"memory: expected the key {key!r}, found nothing there")
        return self.objects[key]

    def put(self, key: str, content: bytes) -> None:
        """Hold an object."""
        self.objects[key] = content

    def put_if_absent(self, key: str, content: bytes) -> bool:
        """Hold an object unless there is one."""
        return self.objects.setdefault(key, content) is content

    def list(self, prefix: str) -> Iterator[_Key]:
        """List keys under `prefix`, sorted."""
        return (_Key(key) for key in sorted(self.objects) if key.startswith(f"{prefix}/"))

    def delete(self, key: str) -> None:
        """Forget an object."""
        self.objects.pop(key, None)

    def delete_prefix(self, prefix: str) -> None:
        """Forget all objects under `prefix`."""
        for listed in tuple(self.list(prefix)):
            self.delete(listed.key)
