"""Reads a CSV of path,label that stands beside the images, with any other columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from farandole.api.errors import DataError
from farandole.data.itemised import itemised
from farandole.data.readers.listing import Entry, Listing, counted, is_image, normal
from farandole.data.skipped import Skipped
from farandole.data.sources import Files, Source

UNLISTED = "(not in the labels)"


@dataclass(frozen=True)
class SplitColumns:
    """The columns that the document's split goes by; None where it goes by none."""

    given: str | None = None
    group: str | None = None
    date: str | None = None

    def named(self) -> dict[str, str]:
        """Map the part of an entry to the column it is read from."""
        names = {"given": self.given, "group": self.group, "date": self.date}
        return {part: column for part, column in names.items() if column is not None}


@dataclass(frozen=True)
class _Line:
    number: int
    cells: Mapping[str, str]

    @property
    def path(self) -> str:
        return self.cells["path"].strip()


def read_labels(
    source: Source, files: Files, table: str, content: bytes, columns: SplitColumns
) -> Listing:
    """Read the images that the CSV `content` names; `table` is what messages call it.

    A line that repeats an earlier one is skipped and listed. Raises DataError with every line that
    names no file of the source, climbs out of it, has no label, or contradicts an earlier line.
    """
    lines = list(_lines(table, content, ("path", "label", *columns.named().values())))
    there = {normal(found.path): found.path for found in files}
    first: dict[str, _Line] = {}
    problems: list[str] = []
    skipped: list[Skipped] = []
    for line in lines:
        before = first.setdefault(normal(line.path), line)
        if (problem := _problem(line, before, there)) is not None:
            problems.append(f"{table}:{line.number}: {problem}")
        elif before is not line:
            skipped.append(_repeated(table, line, before))
    _refuse(table, problems, lines)
    entries = sorted((_entry(line, there, columns) for line in first.values()), key=_path)
    ignored = _ignored(there.values(), entries)
    return Listing(source, tuple(entries), ignored, tuple(skipped))


def _lines(table: str, content: bytes, expected: Sequence[str]) -> Iterator[_Line]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{table}: expected UTF-8, found other bytes at {error.start}") from error
    rows = csv.DictReader(io.StringIO(text, newline=""), restval="")
    there = rows.fieldnames or []
    missing = [name for name in expected if name not in there]
    if missing:
        raise DataError(
            f"{table}: expected the columns {', '.join(expected)} in the first line, missing are"
            f" {', '.join(missing)}; received {', '.join(there) or 'an empty file'}"
        )
    for row in rows:
        yield _Line(rows.line_num, row)


def _problem(line: _Line, before: _Line, files: Mapping[str, str]) -> str | None:
    path = line.path
    if path.startswith("/") or ".." in path.split("/"):
        return f"{path!r} leads out of the images' folder"
    if normal(path) not in files:
        return f"no file {path!r} among the images"
    if not line.cells["label"].strip():
        return f"{path!r} has no label"
    if before.cells != line.cells:
        return f"{path!r} says otherwise than line {before.number}"
    return None


def _refuse(table: str, problems: list[str], lines: list[_Line]) -> None:
    if problems:
        raise DataError(
            f"{table}: {len(problems)} of {len(lines)} lines cannot be used:\n"
            f"{itemised(problems)}\n"
            "Paths are relative to data.images; correct these lines or remove them."
        )
    if not lines:
        raise DataError(f"{table}: expected a line for each image, found none below the header")


def _repeated(table: str, line: _Line, before: _Line) -> Skipped:
    return Skipped(path=f"{table}:{line.number}", reason=f"repeats line {before.number}")


def _entry(line: _Line, files: Mapping[str, str], columns: SplitColumns) -> Entry:
    extra = {part: line.cells[column].strip() for part, column in columns.named().items()}
    return Entry(files[normal(line.path)], normal(line.cells["label"].strip()), **extra)


def _path(entry: Entry) -> str:
    return entry.path


def _ignored(files: Iterable[str], entries: Sequence[Entry]) -> dict[str, int]:
    listed = {entry.path for entry in entries}
    rest = [path for path in files if path not in listed]
    unlisted = sum(map(is_image, rest))
    ignored = counted(path for path in rest if not is_image(path))
    return ignored | ({UNLISTED: unlisted} if unlisted else {})
