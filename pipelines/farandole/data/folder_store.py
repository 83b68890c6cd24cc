"""A store in a folder of this machine, or of a disk that several machines mount."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from farandole.data.disk_errors import explained
from farandole.data.store import NotFound, Stat, legal_key, legal_prefix
from farandole.data.whole_file import PARTIAL, partial, sync, whole_file

NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)
REMOVALS = 5
ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class FolderStore:
    """Objects are files below `folder`, whole from the instant their name appears.

    Content is written and synced beside its place under a hidden name, then renamed over it (put)
    or hard-linked to it (put_if_absent, which the file system refuses to all writers but one).
    Symbolic links to files and folders are followed, loops excepted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    @property
    def uri(self) -> str:
        """The absolute path of the folder."""
        return str(self.folder)

    def get(self, key: str) -> bytes:
        """Read a whole object."""
        with self.open(key) as content:
            return content.read()

    def open(self, key: str) -> BinaryIO:
        """Open an object for reading."""
        with explained(self.uri, key):
            try:
                return self._path(key).open("rb")
            except ABSENT:
                raise NotFound(self.uri, key) from None

    def put(self, key: str, content: bytes) -> None:
        """Write or replace an object."""
        with explained(self.uri, key), whole_file(self._path(key)) as out:
            out.write(content)

    def put_file(self, key: str, path: Path) -> None:
        """Write or replace an object by a copy of a file."""
        target = self._path(key)
        with explained(self.uri, key), path.open("rb") as content, whole_file(target) as out:
            shutil.copyfileobj(content, out, 1 << 20)

    def put_if_absent(self, key: str, content: bytes) -> bool:
        """Write an object unless it is there."""
        return not self.exists(key) and self._create(key, content)

    def exists(self, key: str) -> bool:
        """Say whether the object is there."""
        return self.stat(key) is not None

    def stat(self, key: str) -> Stat | None:
        """Describe one object."""
        path = self._path(key)
        with explained(self.uri, key):
            try:
                return _stat(key, path.stat()) if path.is_file() else None
            except ABSENT:
                return None

    def list(self, prefix: str) -> Iterator[Stat]:
        """Describe every object under the prefix, folder by folder."""
        start = legal_prefix(prefix)
        yield from _walk(self.folder / start, start, frozenset())

    def delete(self, key: str) -> None:
        """Remove an object."""
        with explained(self.uri, key), suppress(*ABSENT):
            self._path(key).unlink()

    def delete_prefix(self, prefix: str) -> None:
        """Remove the folder of the prefix with all that is in it."""
        with explained(self.uri, prefix):
            _remove(self.folder / legal_prefix(prefix))

    def local(self, key: str, cache: Path | None = None) -> Path:  # noqa: ARG002  the seam has it
        """Give the object's own file; `cache` is not needed."""
        if not self.exists(key):
            raise NotFound(self.uri, key)
        return self._path(key)

    def places(self, prefix: str) -> tuple[Path, ...]:
        """Name the folder of the prefix."""
        return (self.folder / legal_prefix(prefix),)

    def _path(self, key: str) -> Path:
        return self.folder / legal_key(key)

    def _create(self, key: str, content: bytes) -> bool:
        path = self._path(key)
        with explained(self.uri, key), partial(path) as hidden:
            with hidden.open("xb") as out:
                out.write(content)
                sync(out)
            return _appear(hidden, path, content)


def _appear(hidden: Path, path: Path, content: bytes) -> bool:
    """Give the finished file its name unless the name is taken; True when we gave it."""
    try:
        os.link(hidden, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        return _write_in_place(path, content)
    return True


def _write_in_place(path: Path, content: bytes) -> bool:
    """Write exclusively: the file systems without hard links offer nothing better."""
    try:
        with path.open("xb") as out:
            out.write(content)
            sync(out)
    except FileExistsError:
        return False
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return True


def _remove(folder: Path) -> None:
    """Remove a folder, also while another process removes it."""
    for _ in range(REMOVALS):
        try:
            folder.unlink() if folder.is_symlink() else shutil.rmtree(folder)
        except FileNotFoundError:
            if not folder.exists():
                return
        except NotADirectoryError:
            return
    shutil.rmtree(folder, ignore_errors=True)


def _walk(folder: Path, start: str, above: frozenset[str]) -> Iterator[Stat]:
    """List a folder in the byte order of whole keys: a folder sorts as its name and a slash."""
    real = os.path.realpath(folder)
    if real in above:
        return
    for key, entry in sorted(_entries(folder, start), key=_key_bytes):
        if key.endswith("/"):
            yield from _walk(folder / entry.name, key, above | {real})
        elif entry.is_file():  # no socket, no dangling link
            with suppress(FileNotFoundError):  # removed since
                yield _stat(key, entry.stat())


def _key_bytes(pair: tuple[str, os.DirEntry[str]]) -> bytes:
    return pair[0].encode("utf-8", "surrogateescape")


def _entries(folder: Path, start: str) -> list[tuple[str, os.DirEntry[str]]]:
    try:
        with os.scandir(folder) as entries:
            return [
                (f"{start}{entry.name}{'/' if entry.is_dir() else ''}", entry)
                for entry in entries
                if not entry.name.startswith(PARTIAL)
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _stat(key: str, found: os.stat_result) -> Stat:
    modified = datetime.fromtimestamp(found.st_mtime_ns / 1e9, UTC)
    return Stat(key, found.st_size, f"{found.st_mtime_ns:x}-{found.st_size:x}", modified)
