"""A table as it stands in its file: CSV or Parquet, told apart by content, not by name."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import pandas as pd

from farandole.api.errors import DataError
from farandole.data.itemised import itemised
from farandole.data.skipped import Skipped

PARQUET, GZIP, UTF16 = b"PAR1", b"\x1f\x8b", (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = ",;\t|"
SAMPLE = 1 << 16  # characters that the delimiter is chosen by
SAMPLE_ROWS = 100


@dataclass(frozen=True)
class RawTable:
    """The rows of a file, untouched; `places` names each, as `houses.csv:17`."""

    name: str
    frame: pd.DataFrame
    places: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()
    notices: tuple[str, ...] = ()

    def without(self, gone: Collection[Skipped]) -> RawTable:
        """Return the table without these rows, which are added to the skipped ones."""
        places = {each.path for each in gone}
        rows = [row for row, place in enumerate(self.places) if place not in places]
        return replace(
            self,
            frame=self.frame.iloc[rows].reset_index(drop=True),
            places=tuple(self.places[row] for row in rows),
            skipped=(*self.skipped, *gone),
        )


def read_raw(path: Path, name: str) -> RawTable:
    """Read a CSV (UTF-8, also gzipped) or Parquet file; `name` is what messages call it.

    Rows of another length than the header are listed as skipped. Raises DataError for a file that
    is neither, has no rows, or whose header names a column twice.
    """
    table = _read(path, name)
    if not table.places and not table.skipped:
        raise DataError(f"{name}: expected rows below the header, found none")
    return table


def _read(path: Path, name: str) -> RawTable:
    try:
        with path.open("rb") as content:
            start = content.read(len(PARQUET))
            content.seek(0)
            if start == PARQUET:
                return _read_parquet(content, name)
            if start.startswith(GZIP):
                return _read_csv(cast(BinaryIO, gzip.open(content)), name)
            return _read_csv(content, name)
    except OSError as error:
        raise DataError(
            f"data.table: expected a CSV or Parquet file at {path}: {error.strerror or error};"
            " paths are relative to the document's folder"
        ) from error


def _read_parquet(content: BinaryIO, name: str) -> RawTable:
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(content).read()
    except pyarrow.ArrowException as error:
        raise DataError(f"{name}: begins as Parquet and cannot be read: {error}") from error
    nested = tuple(str(f.name) for f in table.schema if pyarrow.types.is_nested(f.type))
    frame = table.drop_columns(list(nested)).to_pandas(ignore_metadata=True)
    _refuse_names(name, [str(column) for column in frame.columns])
    places = tuple(f"{name}:{row}" for row in range(1, len(frame) + 1))
    left_out = tuple(f"column {column!r} holds lists or records; left out" for column in nested)
    return RawTable(name, frame, places, notices=left_out)


def _read_csv(content: BinaryIO, name: str) -> RawTable:
    start = content.read(2)
    content.seek(0)
    if start in UTF16:
        raise DataError(f"{name}: expected text in UTF-8, received UTF-16; save it as UTF-8")
    text = io.TextIOWrapper(content, encoding="utf-8-sig", newline="")
    try:
        delimiter = _delimiter(text.read(SAMPLE))
        text.seek(0)
        return _collect(name, _rows(name, text, delimiter))
    except UnicodeDecodeError as error:
        raise DataError(_not_utf8(name, content, error)) from None


def _collect(name: str, rows: Iterator[tuple[int, list[str]]]) -> RawTable:
    given = [column.strip() for column in next(rows, (0, []))[1]]
    header = [column or f"column_{place}" for place, column in enumerate(given, start=1)]
    _refuse_names(name, header)
    kept: list[list[str]] = []
    places: list[str] = []
    skipped: list[Skipped] = []
    for line, row in rows:
        place = f"{name}:{line}"
        if len(row) == len(header):
            kept.append(row)
            places.append(place)
        elif row:
            reason = f"expected {len(header)} values, received {len(row)}"
            skipped.append(Skipped(path=place, reason=reason))
    columns = zip(*kept, strict=True) if kept else ([] for _ in header)
    frame = pd.DataFrame(dict(zip(header, map(_series, columns), strict=True)))
    named = tuple(
        f"column {name!r} has no name in the file; it is called so here"
        for name, written in zip(header, given, strict=True)
        if not written
    )
    return RawTable(name, frame, tuple(places), tuple(skipped), named)


def _series(column: Sequence[str]) -> pd.Series[Any]:
    return pd.Series(column, dtype=object)


def _rows(name: str, text: IO[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of the line that it begins in."""
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{name}:{line}: expected quotes that are closed and doubled inside a value: {error};"
            " correct this row"
        ) from error


def _delimiter(sample: str) -> str:
    """Choose what splits the most rows into as many values as the header has."""
    return max(DELIMITERS, key=lambda delimiter: _agreement(sample, delimiter))


def _agreement(sample: str, delimiter: str) -> tuple[float, int]:
    lines = sample.splitlines(keepends=True)
    whole = lines[:-1] if len(sample) == SAMPLE else lines
    rows = [row for row in csv.reader(whole[:SAMPLE_ROWS], delimiter=delimiter) if row]
    width = len(rows[0]) if rows else 0
    agreeing = sum(len(row) == width for row in rows)
    return (agreeing / len(rows), width) if width > 1 else (0.0, width)


def _refuse_names(name: str, header: Sequence[str]) -> None:
    if not header:
        raise DataError(f"{name}: expected a header of column names, received an empty file")
    twice = sorted({column for column in header if header.count(column) > 1})
    problems = (f"the column {name!r} stands there {header.count(name)} times" for name in twice)
    if twice:
        raise DataError(
            f"{name}: expected a header in which every column has a name of its own:\n"
            f"{itemised(problems)}"
        )


def _not_utf8(name: str, content: BinaryIO, error: UnicodeDecodeError) -> str:
    content.seek(0)
    line = next(n for n, line in enumerate(content, 1) if not _is_utf8(line))
    byte = error.object[error.start]
    return f"{name}:{line}: expected text in UTF-8, received the byte {byte:#04x}; save it as UTF-8"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
