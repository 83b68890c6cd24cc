"""Tables that a person names, as raw rows for a model: every value as it stands in its file.

A CSV is read as text, as it was for training: the model's encoder says what is a number or missing.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from farandole.api.errors import DataError
from farandole.api.progress import Progress
from farandole.registry.inputs import all_there

if TYPE_CHECKING:
    import pandas as pd

PARQUET, GZIP = b"PAR1", b"\x1f\x8b"
DELIMITERS = ",;\t|"
SHOWN = 10


def tables(
    inputs: Sequence[Path], columns: Sequence[str], progress: Progress
) -> Iterator[pd.DataFrame]:
    """Read CSV and Parquet files, told apart by content: rows indexed `<file>:<row>`, from 1.

    columns: what the model needs; others are left where they are. Raises DataError naming the
    columns that a file lacks, or the lines that are not as long as its header.
    """
    import pandas as pd

    all_there(inputs)
    for done, path in enumerate(inputs, start=1):
        table = _parquet(path) if _start(path).startswith(PARQUET) else _csv(path, columns)
        _require(path, columns, [str(column) for column in table.columns])
        table = table[list(columns)]
        table.index = pd.Index([f"{path}:{row}" for row in range(1, len(table) + 1)])
        yield table
        progress.update("predict", done, len(inputs), "tables")


def _start(path: Path) -> bytes:
    if path.is_dir():
        raise DataError(f"{path}: expected a CSV or Parquet file, received a folder")
    with path.open("rb") as content:
        return content.read(4)


def _parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except (ValueError, OSError) as error:  # pyarrow's own errors are one or the other
        raise DataError(f"{path}: begins as Parquet and cannot be read: {error}") from error


def _csv(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    text = _text(path)
    try:
        header, *rows = filter(None, _reader(text, _delimiter(text, columns)))
    except csv.Error as error:
        raise DataError(f"{path}: expected rows of a CSV file: {error}") from error
    wrong = [str(place) for place, row in enumerate(rows, 1) if len(row) != len(header)]
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise DataError(
            f"{path}: expected {len(header)} values in every row as in the header, received "
            f"another number in the rows {', '.join(wrong[:SHOWN])}{more}"
        )
    return pd.DataFrame(rows, columns=[name.strip() for name in header], dtype=object)


def _text(path: Path) -> str:
    opened = gzip.open if _start(path).startswith(GZIP) else Path.open
    try:
        with opened(path, "rb") as content:
            text = content.read().decode("utf-8-sig")
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path}: expected a CSV file in UTF-8 or a Parquet file, received neither: {error}"
        ) from error
    if not text.strip():
        raise DataError(f"{path}: expected a header of column names, received an empty file")
    return text


def _reader(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _delimiter(text: str, columns: Sequence[str]) -> str:
    """Choose what splits the header into the most of the model's columns."""

    def found(delimiter: str) -> int:
        header = next(filter(None, _reader(text, delimiter)))
        return len(set(columns) & {name.strip() for name in header})

    return max(DELIMITERS, key=found)


def _require(path: Path, columns: Sequence[str], given: Sequence[str]) -> None:
    missing = [column for column in columns if column not in given]
    if missing:
        raise DataError(
            f"{path}: expected the columns the model was trained on, received a table without "
            f"{', '.join(missing)}; it has {', '.join(given)}; leave a value empty if it is unknown"
        )
