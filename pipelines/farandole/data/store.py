"""Where artifacts lie: one seam over a folder and S3, by keys such as `data/ab12/manifest.json`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from farandole.api.errors import DataError
from farandole.data.s3_settings import S3Settings
from farandole.data.whole_file import PARTIAL

LONGEST_KEY = 1024  # bytes of UTF-8, the limit of S3
LONGEST_NAME = 255  # bytes of UTF-8 between two slashes, the limit of file systems


class NotFound(DataError):  # noqa: N818  the name says what is so
    """The store has no such key."""

    def __init__(self, uri: str, key: str) -> None:
        self.key = key
        super().__init__(f"{uri}: expected the key {key!r}, found nothing there")


class IllegalKey(DataError):  # noqa: N818  the name says what is so
    """A key that is no plain relative path, such as one that climbs out of the store."""


class StoreFull(DataError):  # noqa: N818  the name says what is so
    """The disk or the quota under the store is used up; the object was not written."""


class StoreUnavailable(DataError):  # noqa: N818  the name says what is so
    """The store does not answer, or is too busy; trying again later may help."""


class Sealed(DataError):  # noqa: N818  the name says what is so
    """The key lies under a prefix that is closed to this process, such as the test split."""


@dataclass(frozen=True)
class Stat:
    """What a listing says of one object: size in bytes, a tag that changes with it, time in UTC."""

    key: str
    size: int
    etag: str
    modified: datetime


class Store(Protocol):
    """Objects by key; whoever reads sees an object complete or not at all.

    Keys are relative paths (`a/b/c`, any Unicode, at most 1024 bytes of UTF-8 and 255 a segment);
    one that climbs raises IllegalKey. A prefix is a folder of keys: `a/b` stands for all keys that
    begin with `a/b/`, and the empty prefix for all.
    """

    @property
    def uri(self) -> str:
        """What `open_store` takes to open this store again."""
        ...

    def get(self, key: str) -> bytes:
        """Read a whole object; raises NotFound."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Read an object through a seekable file, which the caller closes; raises NotFound."""
        ...

    def put(self, key: str, content: bytes) -> None:
        """Write or replace an object, in one instant for readers; raises StoreFull."""
        ...

    def put_file(self, key: str, path: Path) -> None:
        """Write or replace an object by the content of a local file."""
        ...

    def put_if_absent(self, key: str, content: bytes) -> bool:
        """Write an object unless it is there; True for the one of many writers that wrote it."""
        ...

    def exists(self, key: str) -> bool:
        """Say whether the object is there."""
        ...

    def stat(self, key: str) -> Stat | None:
        """Describe one object, None when it is absent."""
        ...

    def list(self, prefix: str) -> Iterator[Stat]:
        """Describe every object under the prefix, in the order of the keys' UTF-8 bytes."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; it may be absent already."""
        ...

    def delete_prefix(self, prefix: str) -> None:
        """Remove every object under the prefix."""
        ...

    def local(self, key: str, cache: Path | None = None) -> Path:
        """Give a local file with the object's content and name, to memory-map and never to write.

        A folder answers with the object itself; S3 downloads it once into `cache` (None: the
        cache folder of its settings). Raises NotFound.
        """
        ...

    def places(self, prefix: str) -> tuple[Path, ...]:
        """Name the local folders in which content under the prefix lies, or is kept by `local`."""
        ...


def legal_key(key: str) -> str:
    """Return the key unchanged, or raise IllegalKey saying why it cannot be one."""
    reason = _illegal(key)
    if reason is not None:
        raise IllegalKey(
            f"expected a key such as 'images/cat/1.jpg', received {key!r}: {reason};"
            " name objects by their path inside the store"
        )
    return key


def legal_prefix(prefix: str) -> str:
    """Return the prefix ready to be put before a name: empty, or ending in one slash."""
    return legal_key(prefix.removesuffix("/")) + "/" if prefix else ""


def open_store(uri: str) -> Store:
    """Open the store at a folder's path, a `file://` address or `s3://bucket/prefix`.

    A folder need not exist yet. Credentials for S3 come from the environment (see S3Settings).
    Raises DataError for an address of another kind.
    """
    from farandole.data.folder_store import FolderStore

    address = urlsplit(uri)
    if address.scheme == "s3":
        from farandole.data.s3_store import S3Store

        return S3Store.open_at(uri, S3Settings.read(os.environ))
    if address.scheme == "file":
        return FolderStore(Path(unquote(address.path)))
    if "://" not in uri:
        return FolderStore(Path(uri).expanduser())
    raise DataError(
        f"expected a folder's path, file:///folder or s3://bucket/prefix, received {uri!r}"
    )


def _illegal(key: str) -> str | None:
    segments = key.split("/")
    if not key:
        return "it is empty"
    if ".." in segments:
        return "it climbs out of its folder by '..'"
    if key.startswith("/"):
        return "it is an absolute path"
    if "" in segments or "." in segments:
        return "it has an empty segment or '.'"
    if "\0" in key:
        return "it has a zero byte"
    if any(segment.startswith(PARTIAL) for segment in segments):
        return f"names that begin with {PARTIAL!r} are kept for files being written"
    if _bytes(key) > LONGEST_KEY:
        return f"it is longer than {LONGEST_KEY} bytes"
    if max(map(_bytes, segments)) > LONGEST_NAME:
        return f"it has a segment longer than {LONGEST_NAME} bytes"
    return None


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
