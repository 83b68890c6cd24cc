"""What the document calls a location: a path, `file:///path`, or `s3://bucket/name`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from farandole.api.errors import DataError
from farandole.data.sources import FolderSource, Found, Source, StoreSource
from farandole.data.store import NotFound, Store, open_store


def open_source(location: str, folder: Path) -> Source:
    """Open `data.images`; a relative path is below `folder`."""
    path = _local(location, folder)
    return StoreSource(location) if path is None else FolderSource(path)


def local_file(location: str, folder: Path, field: str) -> Path:
    """Return the one file of a `field` such as `data.labels`, downloaded if it lies elsewhere.

    Raises DataError that names the field when there is no such file.
    """
    path = _local(location, folder)
    if path is None:
        store, key = _object(location)
        try:
            return store.local(key)
        except NotFound as error:
            raise _missing(location, field) from error
    if not path.is_file():
        raise DataError(
            f"{field}: expected a file at {path}, found {'a folder' if path.exists() else 'none'};"
            " paths are relative to the document's folder"
        )
    return path


def stat_file(location: str, folder: Path, field: str) -> Found:
    """Describe the one file of a field without reading it; raises DataError like `local_file`."""
    path = _local(location, folder)
    if path is None:
        store, key = _object(location)
        found = store.stat(key)
        if found is None:
            raise _missing(location, field)
        return Found(key, found.size, found.etag)
    stat = local_file(location, folder, field).stat()
    return Found(path.name, stat.st_size, str(stat.st_mtime_ns))


def _local(location: str, folder: Path) -> Path | None:
    """Return the path of a location on this machine, None for one that is elsewhere."""
    if location.startswith("file://"):
        return Path(unquote(urlsplit(location).path))
    return None if "://" in location else folder / Path(location).expanduser()


def _object(location: str) -> tuple[Store, str]:
    place, _, name = location.rpartition("/")
    return open_store(place), name


def _missing(location: str, field: str) -> DataError:
    return DataError(f"{field}: expected an object at {location}, found none")
