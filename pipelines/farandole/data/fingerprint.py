"""The fingerprint: a cheap listing of the data that says when to look at it again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from farandole.api.data import Data
from farandole.api.identity import digest_of
from farandole.data.locations import open_source, stat_file
from farandole.data.sources import Found


def fingerprint(data: Data, folder: Path) -> str:
    """Return a digest of (path, size, time or etag) of all files of the data; none is read.

    `folder` is what relative paths of the document are relative to. Raises DataError when the data
    are not there.
    """
    return digest_of([[found.path, found.size, found.stamp] for found in _files(data, folder)])


def _files(data: Data, folder: Path) -> Iterator[Found]:
    if data.images is not None:
        yield from open_source(data.images, folder).listing()
    for field in ("labels", "table"):
        if (location := getattr(data, field)) is not None:
            yield stat_file(location, folder, f"data.{field}")
