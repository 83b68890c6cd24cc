from __future__ import annotations

from pathlib import Path

import pytest

from farandole.api import DocumentError
from farandole.networks.builder import builder_digest, load_builder
from tests.support.data_pictures import write

SOURCE = b"import shapes\nfrom nets import blocks\n\ndef build(shape, outputs):\n    return 1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "my_nets.py": SOURCE,
        "shapes.py": b"import numpy\nSIZE = 1\n",
        "nets/__init__.py": b"",
        "nets/blocks.py": b"from . import parts\nfrom .parts import depth\n",
        "nets/parts.py": b"depth = 3\n",
        "other.py": b"",
    }
    return write(tmp_path, files)


@pytest.mark.parametrize("changed", ["my_nets.py", "shapes.py", "nets/blocks.py", "nets/parts.py"])
def test_a_change_of_any_source_that_the_builder_imports_changes_its_digest(
    folder: Path, changed: str
) -> None:
    before = builder_digest("my_nets:build", folder)
    path = folder / changed
    path.write_bytes(path.read_bytes() + b"x = 1\n")
    assert builder_digest("my_nets:build", folder) != before


def test_a_change_of_another_file_and_another_place_keep_the_digest(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = builder_digest("my_nets:build", folder)
    (folder / "other.py").write_bytes(b"x = 1\n")
    moved = folder.rename(tmp_path_factory.mktemp("elsewhere") / "documents")
    assert builder_digest("my_nets:build", moved) == before


def test_a_builder_is_imported_with_the_modules_beside_it(folder: Path) -> None:
    assert load_builder("my_nets:build", folder)((1,), 2) == 1


def test_a_module_of_the_same_name_in_another_folder_is_another_module(tmp_path: Path) -> None:
    for number in (b"1", b"2"):
        source = b"def build(shape, outputs):\n    return " + number + b"\n"
        folder = write(tmp_path / number.decode(), {"same_name.py": source})
        assert load_builder("same_name:build", folder)((1,), 2) == int(number)


@pytest.mark.parametrize("spec", ["absent:build", "my_nets.absent:build", "nets.absent:build"])
def test_a_module_that_is_not_there_is_refused_with_the_folder(folder: Path, spec: str) -> None:
    for look in (builder_digest, load_builder):
        with pytest.raises(DocumentError, match=rf"network\.builder: expected .*{folder.name}"):
            look(spec, folder)


def test_a_function_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(DocumentError, match=r"no function make in .*my_nets\.py"):
        load_builder("my_nets:make", folder)


def test_a_module_that_does_not_import_is_refused_with_the_reason(tmp_path: Path) -> None:
    write(tmp_path, {"broken_nets.py": b"import nowhere_at_all\n"})
    with pytest.raises(DocumentError, match=r"ModuleNotFoundError: .*nowhere_at_all"):
        load_builder("broken_nets:build", tmp_path)


def test_a_module_that_is_no_python_is_refused_with_the_line(tmp_path: Path) -> None:
    write(tmp_path, {"torn_nets.py": b"x = 1\ndef build(:\n"})
    with pytest.raises(DocumentError, match=r"torn_nets\.py, line 2"):
        builder_digest("torn_nets:build", tmp_path)
