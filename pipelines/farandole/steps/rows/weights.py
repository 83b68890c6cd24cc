"""Where a weights file that a document names is read from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from farandole.data.store import open_store
from farandole.steps.place import Place


def weights_reader(place: Place) -> Callable[[str], Path]:
    """Return what turns the address of a weights file into a local file."""

    def read(uri: str) -> Path:
        if "://" not in uri or uri.startswith("file://"):
            return Path(place.folder) / uri.removeprefix("file://")
        parent, _, name = uri.rpartition("/")
        return open_store(parent).local(name)

    return read
