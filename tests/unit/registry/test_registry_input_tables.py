"""A table's values go to the model as they stand in the file, and what lacks is named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from farandole.api.errors import DataError
from farandole.api.progress import SILENT, Progress
from farandole.registry.input_tables import tables

COLUMNS = ("area", "town")


def read(path: Path) -> pd.DataFrame:
    (frame,) = tables([path], COLUMNS, SILENT)
    return frame


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_is_split_by_what_gives_the_columns_of_the_model(
    tmp_path: Path, delimiter: str
) -> None:
    path = tmp_path / "houses.csv"
    lines = [("note, and more;", " town", "area"), ("x", "NA", "007"), ('"a"', "", "1e3")]
    quoted = [[f'"{cell}"' if "note" in cell else cell for cell in line] for line in lines]
    path.write_text("\ufeff" + "\n".join(delimiter.join(line) for line in quoted) + "\n\n")
    frame = read(path)
    assert frame.to_dict("list") == {"area": ["007", "1e3"], "town": ["NA", ""]}
    assert list(frame.index) == [f"{path}:1", f"{path}:2"]


def test_parquet_and_packed_csv_are_known_by_their_content(tmp_path: Path) -> None:
    table = pd.DataFrame({"area": ["1", "2"], "town": ["a", "b"]})
    table.to_parquet(tmp_path / "no-ending")
    (tmp_path / "packed").write_bytes(gzip.compress(table.to_csv(index=False).encode()))
    for name in ("no-ending", "packed"):
        assert read(tmp_path / name).to_dict("list") == table.to_dict("list")


def test_a_column_that_the_file_lacks_is_named_with_those_it_has(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Area,town\n1,a\n")
    with pytest.raises(DataError, match=r"t\.csv: .*without area; it has Area, town"):
        read(tmp_path / "t.csv")


def test_rows_of_another_length_than_the_header_are_all_named(tmp_path: Path) -> None:
    rows = ["1,a", "1", "1,a,b", *["1"] * 20]
    (tmp_path / "t.csv").write_text("\n".join(["area,town", *rows]))
    with pytest.raises(DataError, match=r"rows 2, 3, 4, .* and 12 more"):
        read(tmp_path / "t.csv")


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "empty file"),
        (b"area,town\n\xff,a\n", "UTF-8"),
        (b"PAR1 and no more", "begins as Parquet"),
        (b"\x1f\x8b\x08 cut short", "UTF-8 or a Parquet"),
        (b"area,town\n1," + b"a" * 200_000, "field larger"),
    ],
)
def test_what_is_no_table_is_refused_by_its_name(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DataError, match=rf"t\.csv: .*{message}"):
        read(tmp_path / "t.csv")


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="received a folder"):
        read(tmp_path)
    with pytest.raises(DataError, match="none at"):
        read(tmp_path / "gone.csv")


def test_each_table_that_is_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("area,town\n1,a\n")
    told = tmp_path / "told"
    list(tables([tmp_path / "t.csv"], COLUMNS, Progress(told, "predict")))
    assert json.loads(told.read_text())["done"] == 1
