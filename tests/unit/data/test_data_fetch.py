"""The examples' data appears complete or not at all, and is fetched once."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.data_samples import FETCH


@pytest.fixture
def fetch() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fetch_samples", FETCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fetch_samples"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_a_sample_that_is_there_is_not_fetched_again(
    fetch: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch.main(["ames", "--into", str(tmp_path)]) == 0
    before = (tmp_path / "ames/ames.csv").stat().st_mtime_ns
    assert fetch.main(["ames", "--into", str(tmp_path)]) == 0
    assert (tmp_path / "ames/ames.csv").stat().st_mtime_ns == before
    assert "ames: already in" in capsys.readouterr().out


def test_tables_are_exported_without_row_numbers(fetch: ModuleType, tmp_path: Path) -> None:
    lines = (fetch.fetch("flchain", tmp_path) / "flchain.csv").read_text().splitlines()
    assert len(lines) == 7_874 + 1
    assert lines[0].startswith("age,sex,")


def test_a_fetch_that_fails_half_way_leaves_nothing(
    fetch: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(folder: Path) -> None:
        (folder / "first.png").write_bytes(b"")
        raise fetch.FetchError("the line went dead")

    fetch.SAMPLES["stamps"] = fetch.Sample("nowhere", "none", breaks)
    assert fetch.main(["stamps", "--into", str(tmp_path)]) == 1
    assert "the line went dead" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_of_two_fetches_at_once_one_folder_remains(fetch: ModuleType, tmp_path: Path) -> None:
    def overtaken(folder: Path) -> None:
        (folder / "late").touch()
        (tmp_path / "stamps").mkdir()
        (tmp_path / "stamps/early").touch()

    fetch.SAMPLES["stamps"] = fetch.Sample("nowhere", "none", overtaken)
    folder = fetch.fetch("stamps", tmp_path)
    assert [path.name for path in folder.iterdir()] == ["early"]
