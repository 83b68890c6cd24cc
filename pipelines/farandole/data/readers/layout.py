"""Chooses the reader by what the document says and what lies in the source."""

from __future__ import annotations

from pathlib import Path

from farandole.api.data import Data, Split
from farandole.api.errors import DataError
from farandole.data.locations import local_file, open_source
from farandole.data.readers.idx import IMAGES, read_idx
from farandole.data.readers.image_folder import read_classes, read_splits
from farandole.data.readers.labels_csv import SplitColumns, read_labels
from farandole.data.readers.listing import Listing


def read_images(data: Data, folder: Path) -> Listing:
    """List the images of `data.images`, which may lie below `folder`.

    Raises DataError with everything that is wrong with the layout at once.
    """
    if data.images is None:
        raise DataError("data.images: expected a folder or an s3:// prefix, received nothing")
    source = open_source(data.images, folder)
    files = source.listing()
    columns = _columns(data.split)
    if data.labels is not None:
        content = local_file(data.labels, folder, "data.labels").read_bytes()
        return read_labels(source, files, data.labels, content, columns)
    _refuse_columns(columns)
    given = _folders(data.split)
    if any(IMAGES.fullmatch(found.path) for found in files):
        return read_idx(source, files, given)
    return read_splits(source, files, given) if given else read_classes(source, files)


def _columns(split: Split) -> SplitColumns:
    return SplitColumns(
        given=split.given.column if split.given else None,
        group=split.group,
        date=split.dates.column if split.dates else None,
    )


def _refuse_columns(columns: SplitColumns) -> None:
    if columns.named():
        raise DataError(
            f"data.split: expected a CSV in data.labels that has the column"
            f" {', '.join(map(repr, columns.named().values()))}, received a folder of images alone"
        )


def _folders(split: Split) -> dict[str, str] | None:
    if split.given is None or split.given.folders is None:
        return None
    folders = split.given.folders
    named = {"train": folders.train, "validation": folders.validation, "test": folders.test}
    return {name: folder for name, folder in named.items() if folder is not None}
