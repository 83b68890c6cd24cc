"""What every reader returns: which images there are, and what is said of each."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from farandole.data.skipped import Skipped
from farandole.data.sources import Source, hidden

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".gif", ".bmp", ".dib", ".webp"}
    | {".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".avif", ".jp2", ".j2k"}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One image: its path in the source, its label, and what the split may go by.

    `given` is train, validation or test where the layout says so; `group` and `date` are the
    values of the columns that the document's split names.
    """

    path: str
    label: str
    given: str | None = None
    group: str | None = None
    date: str | None = None


@dataclass(frozen=True)
class Listing:
    """Every image of a source, sorted by path, and a count of the files that are none."""

    source: Source
    entries: tuple[Entry, ...]
    ignored: dict[str, int] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    notices: tuple[str, ...] = ()


def is_image(path: str) -> bool:
    """Say whether the name is one of an image; whether the content is shows when it is decoded."""
    return not hidden(path) and PurePosixPath(path).suffix.lower() in SUFFIXES


def counted(paths: Iterable[str]) -> dict[str, int]:
    """Count files that are no images, by suffix."""
    counts = Counter(_kind(path) for path in paths if not path.endswith("/"))
    return dict(sorted(counts.items()))


def normal(name: str) -> str:
    """Return a name as it is typed: macOS decomposes the accents of file names, Linux does not."""
    return unicodedata.normalize("NFC", name)


def _kind(path: str) -> str:
    if hidden(path):
        return "(hidden)"
    return PurePosixPath(path).suffix.lower() or "(no suffix)"
