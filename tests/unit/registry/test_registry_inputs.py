"""Files that a person names become raw rows, and nothing is left out without a word."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from farandole.api.errors import DataError
from farandole.api.progress import SILENT, Progress
from farandole.registry.inputs import BATCH, pictures


def test_pictures_come_in_batches_named_by_their_paths(tmp_path: Path) -> None:
    files = [tmp_path / f"{place:03}.png" for place in range(BATCH + 1)]
    for place, file in enumerate(files):
        file.write_bytes(bytes([place]))
    frames = list(pictures([tmp_path], SILENT))
    assert [len(frame) for frame in frames] == [BATCH, 1]
    whole = pd.concat(frames)
    assert list(whole.index) == [str(file) for file in files]
    assert list(whole["image"]) == [bytes([place]) for place in range(BATCH + 1)]


def test_what_is_no_picture_by_name_is_counted_and_told(tmp_path: Path) -> None:
    for name in ("a.png", "b.txt", "c.csv", ".d.png"):
        (tmp_path / name).touch()
    told = tmp_path / ".told"
    (frame,) = pictures([tmp_path], Progress(told, "predict"))
    assert list(frame.index) == [str(tmp_path / "a.png")]
    first = json.loads(told.read_text().splitlines()[0])
    assert first["message"].startswith("2 files are not named as pictures")


def test_a_folder_without_a_picture_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DataError, match="expected pictures"):
        list(pictures([tmp_path], SILENT))


def test_all_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    missing = [tmp_path / "one.png", tmp_path / "two.png"]
    with pytest.raises(DataError, match=r"one\.png, .*two\.png"):
        list(pictures([tmp_path, *missing], SILENT))
