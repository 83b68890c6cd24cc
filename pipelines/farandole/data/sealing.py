"""What keeps the test rows from tuning and training: a closed store and a closed file system."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from farandole.data.store import Sealed, Stat, Store, legal_key, legal_prefix

OPENING = ("open", "os.listdir", "os.scandir")  # the path is the first argument
MOVING = ("os.rename", "os.link", "os.symlink", "os.truncate", "os.remove")


class SealedStore:
    """Another store, some prefixes of which are closed; listings above them leave them out."""

    def __init__(self, store: Store, denied: Sequence[str]) -> None:
        self._store = store
        self._denied = tuple(legal_prefix(prefix) for prefix in denied)

    @property
    def uri(self) -> str:
        """The address of the store, which opens it unsealed."""
        return self._store.uri

    def get(self, key: str) -> bytes:
        """Read a whole object."""
        return self._store.get(self._open_key(key))

    def open(self, key: str) -> BinaryIO:
        """Open an object for reading."""
        return self._store.open(self._open_key(key))

    def put(self, key: str, content: bytes) -> None:
        """Write or replace an object."""
        self._store.put(self._open_key(key), content)

    def put_file(self, key: str, path: Path) -> None:
        """Write or replace an object by the content of a local file."""
        self._store.put_file(self._open_key(key), path)

    def put_if_absent(self, key: str, content: bytes) -> bool:
        """Write an object unless it is there."""
        return self._store.put_if_absent(self._open_key(key), content)

    def exists(self, key: str) -> bool:
        """Say whether the object is there."""
        return self._store.exists(self._open_key(key))

    def stat(self, key: str) -> Stat | None:
        """Describe one object."""
        return self._store.stat(self._open_key(key))

    def list(self, prefix: str) -> Iterator[Stat]:
        """Describe every object under the prefix that is not under a closed one."""
        self._refuse(legal_prefix(prefix))
        return (
            found for found in self._store.list(prefix) if not found.key.startswith(self._denied)
        )

    def delete(self, key: str) -> None:
        """Remove an object."""
        self._store.delete(self._open_key(key))

    def delete_prefix(self, prefix: str) -> None:
        """Remove every object under the prefix, in which no closed prefix may lie."""
        start = legal_prefix(prefix)
        self._refuse(start)
        for denied in self._denied:
            if denied.startswith(start):
                self._refuse(denied)
        self._store.delete_prefix(prefix)

    def local(self, key: str, cache: Path | None = None) -> Path:
        """Give a local file with the object's content."""
        return self._store.local(self._open_key(key), cache)

    def places(self, prefix: str) -> tuple[Path, ...]:
        """Name the local folders of the prefix; naming opens nothing."""
        return self._store.places(prefix)

    def _open_key(self, key: str) -> str:
        self._refuse(legal_key(key))
        return key

    def _refuse(self, key: str) -> None:
        for denied in self._denied:
            if key.startswith(denied):
                raise Sealed(
                    f"{self.uri}: {denied.removesuffix('/')!r} is closed to this process,"
                    f" which asked for {key!r}; test rows are read by evaluation alone"
                )


def sealed(store: Store, denied: Sequence[str]) -> Store:
    """Return the store with the prefixes `denied` closed: every key under them raises Sealed."""
    return SealedStore(store, denied)


def seal_process(paths: Sequence[Path]) -> None:
    """Close folders to this process for good: opening a path under them raises Sealed.

    An audit hook of Python sees every `open`, `os.open`, `io.FileIO`, `numpy.memmap`, listing and
    move that goes through Python, by whatever relative path or symbolic link, also in forked
    children. It cannot be taken away again.

    It does not see: files opened by C++ (TensorFlow's readers, pyarrow given a path), programs
    started as other processes, files opened and hard links made before, and names opened relative
    to a folder's descriptor (`dir_fd`). So the rows of a sealed split must not be handed to such
    readers as paths: Farandole hands TensorFlow arrays and pyarrow open files.
    """
    closed = tuple(os.path.realpath(path) for path in paths)

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event in OPENING:
            _refuse_path(closed, arguments[0])
        elif event in MOVING:
            for path in arguments[:2]:
                _refuse_path(closed, path)
                _refuse_above(closed, path)

    sys.addaudithook(refuse)


def _refuse_path(closed: tuple[str, ...], path: object) -> None:
    real = _real(path)
    for folder in closed:
        if real is not None and _is_below(real, folder):
            raise _sealed(real, folder)


def _refuse_above(closed: tuple[str, ...], path: object) -> None:
    """Refuse to move a folder that a closed one lies in: it would lie elsewhere afterwards."""
    real = _real(path)
    for folder in closed:
        if real is not None and _is_below(folder, real):
            raise _sealed(real, folder)


def _real(path: object) -> str | None:
    """Resolve a path; None for a descriptor, whose opening was seen."""
    return (
        os.path.realpath(os.fsdecode(path)) if isinstance(path, str | bytes | os.PathLike) else None
    )


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)


def _sealed(path: str, folder: str) -> Sealed:
    return Sealed(
        f"{path} is closed to this process, as is all of {folder};"
        " test rows are read by evaluation alone"
    )
