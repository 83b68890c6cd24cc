"""Where data is read from: a folder of the user's, or a bucket; a source is only ever read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from stat import S_ISDIR
from typing import Protocol, TypeAlias

from farandole.api.errors import DataError
from farandole.data.itemised import itemised
from farandole.data.store import NotFound, Store, open_store


@dataclass(frozen=True)
class Found:
    """One file of a source: its path below the source, size in bytes, and what changes with it.

    An empty folder is found too, as a path that ends in a slash; a store has none.
    """

    path: str
    size: int
    stamp: str


Files: TypeAlias = Sequence[Found]


class Source(Protocol):
    """Files by path; a small hashable value that can be sent to a worker process."""

    def __hash__(self) -> int:
        """Hash by value."""
        ...

    @property
    def uri(self) -> str:
        """Where the files are, as the document says it."""
        ...

    def listing(self) -> tuple[Found, ...]:
        """List every file, sorted by path; raises DataError when a path leads out of the source."""
        ...

    def read(self, path: str) -> bytes:
        """Read one file whole; raises DataError naming it when it cannot be read."""
        ...


@dataclass(frozen=True)
class FolderSource:
    """A folder of this machine. A link that leads out of it is refused, never followed."""

    folder: Path

    @property
    def uri(self) -> str:
        """The folder's path."""
        return str(self.folder)

    def listing(self) -> tuple[Found, ...]:
        """List every file below the folder."""
        if not self.folder.is_dir():
            raise DataError(
                f"{self.folder}: expected a folder of images, found"
                f" {'a file' if self.folder.exists() else 'nothing there'};"
                " correct data.images (paths are relative to the document's folder)"
            )
        files = list(_below(self.folder))
        _refuse_strays(self.folder, files)
        return tuple(sorted((_found(self.folder, file) for file in files), key=_path))

    def read(self, path: str) -> bytes:
        """Read one file, unless its path climbs out of the folder."""
        file = self.folder / path
        if not file.resolve().is_relative_to(self.folder.resolve()):
            raise DataError(f"{self.folder}: expected a path inside the folder, received {path!r}")
        try:
            return file.read_bytes()
        except OSError as error:
            raise DataError(f"{file}: cannot be read: {error.strerror or error}") from error


@dataclass(frozen=True)
class StoreSource:
    """The objects of a store, such as `s3://bucket/prefix`."""

    uri: str

    def listing(self) -> tuple[Found, ...]:
        """List every object, also one whose key looks like a path that climbs."""
        found = (Found(each.key, each.size, each.etag) for each in _store(self.uri).list(""))
        every = tuple(sorted(found, key=_path))
        if not every:
            raise DataError(f"{self.uri}: expected images, found no object; correct data.images")
        return every

    def read(self, path: str) -> bytes:
        """Read one object."""
        try:
            return _store(self.uri).get(path)
        except NotFound as error:
            raise DataError(f"{self.uri}: expected the object {path!r}, found none") from error


def folders(files: Iterable[Found], below: str = "") -> tuple[str, ...]:
    """Name the folders directly below one, sorted, without hidden ones."""
    start = f"{below}/" if below else ""
    tails = (found.path.removeprefix(start) for found in files if found.path.startswith(start))
    names = {tail.split("/")[0] for tail in tails if "/" in tail}
    return tuple(sorted(name for name in names if not hidden(name)))


def hidden(path: str) -> bool:
    """Say whether a file, or a folder above it, is hidden by a name that begins with a dot."""
    return any(part.startswith(".") for part in path.split("/"))


def _store(uri: str) -> Store:
    return _client(uri, os.getpid())


@lru_cache(maxsize=4)
def _client(uri: str, _process: int) -> Store:
    """One client a process: it holds connections, which a forked worker must not share."""
    return open_store(uri)


def _path(found: Found) -> str:
    return found.path


def _found(folder: Path, file: Path) -> Found:
    path = file.relative_to(folder).as_posix()
    stat = file.lstat() if hidden(path) else file.stat()
    if S_ISDIR(stat.st_mode):
        return Found(f"{path}/", 0, "")
    return Found(path, stat.st_size, str(stat.st_mtime_ns))


def _below(folder: Path) -> Iterator[Path]:
    """Walk files and empty folders; links to folders are not followed, but refused by name."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _below_or_empty(Path(entry.path))
            else:
                yield Path(entry.path)


def _below_or_empty(folder: Path) -> Iterator[Path]:
    every = _below(folder)
    yield next(every, folder)
    yield from every


def _refuse_strays(folder: Path, files: list[Path]) -> None:
    root = folder.resolve()
    strays = sorted(line for file in files if (line := _stray(root, folder, file)) is not None)
    if strays:
        raise DataError(
            f"{folder}: expected files inside this folder, found {len(strays)} that are not:\n"
            f"{itemised(strays)}\nCopy what they point to into the folder, or remove them."
        )


def _stray(root: Path, folder: Path, file: Path) -> str | None:
    name = file.relative_to(folder).as_posix()
    if hidden(name):
        return None
    if not _is_unicode(name):
        return f"{name!r} has a name that is not UTF-8"
    if not file.is_symlink():
        plain = file.is_file() or file.is_dir()
        return None if plain else f"{name} is no file but a device, pipe or socket"
    target = file.resolve()
    if not target.exists():
        return f"{name} is a link to nothing"
    if not target.is_relative_to(root):
        return f"{name} is a link that leads out of the folder, to {target}"
    return f"{name} is a link to a folder" if target.is_dir() else None


def _is_unicode(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
