"""Reads a folder a class, or a folder a split with a folder a class in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from farandole.api.errors import DataError
from farandole.data.itemised import itemised
from farandole.data.readers.listing import Entry, Listing, counted, is_image, normal
from farandole.data.sources import Files, Source, folders

OUTSIDE = "(beside the class folders)"


def read_classes(source: Source, files: Files) -> Listing:
    """Read `<class>/.../<image>`; the first folder is the label, deeper ones are free."""
    return _read(source, files, {"": None})


def read_splits(source: Source, files: Files, given: Mapping[str, str]) -> Listing:
    """Read `<split folder>/<class>/.../<image>`; `given` maps split to the folder's name."""
    _refuse_missing(source, files, given)
    return _read(source, files, {name: split for split, name in given.items()})


def _read(source: Source, files: Files, tops: Mapping[str, str | None]) -> Listing:
    """List what lies below each top folder; a file below none of them is counted as ignored."""
    paths = [found.path for found in files]
    entries = [
        entry for path in paths if is_image(path) and (entry := _entry(path, tops)) is not None
    ]
    _refuse_no_classes(source, files, entries)
    _refuse_empty_classes(source, files, tops, entries)
    return Listing(source, tuple(entries), _ignored(paths, entries))


def _entry(path: str, tops: Mapping[str, str | None]) -> Entry | None:
    for top, split in tops.items():
        below = path.removeprefix(f"{top}/") if top else path
        if (not top or below != path) and "/" in below:
            return Entry(path, normal(below.split("/")[0]), given=split)
    return None


def _ignored(paths: list[str], entries: list[Entry]) -> dict[str, int]:
    images = {entry.path for entry in entries}
    rest = [path for path in paths if path not in images]
    outside = sum(map(is_image, rest))
    ignored = counted(path for path in rest if not is_image(path))
    return ignored | ({OUTSIDE: outside} if outside else {})


def _refuse_missing(source: Source, files: Files, given: Mapping[str, str]) -> None:
    there = folders(files)
    missing = [
        f"data.split.given.folders.{split}: {name!r}"
        for split, name in given.items()
        if name not in there
    ]
    if missing:
        raise DataError(
            f"{source.uri}: expected a folder for each split, not found:\n{itemised(missing)}\n"
            f"The folders there are {_listed(there)}."
        )


def _refuse_no_classes(source: Source, files: Files, entries: list[Entry]) -> None:
    if not entries:
        raise DataError(
            f"{source.uri}: expected one folder a class with images in it, found no image in any"
            f" folder; the folders there are {_listed(folders(files))}"
        )


def _refuse_empty_classes(
    source: Source, files: Files, tops: Mapping[str, str | None], entries: list[Entry]
) -> None:
    filled = {(entry.given, entry.label) for entry in entries}
    empty = [
        f"{top}/{name}" if top else name
        for top, split in tops.items()
        for name in folders(files, top)
        if (split, normal(name)) not in filled
    ]
    if empty:
        raise DataError(
            f"{source.uri}: expected images in every class folder, found none in:\n"
            f"{itemised(empty)}\nAdd images, or remove the folder if it is no class."
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names)) or "none"
