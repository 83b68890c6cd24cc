from __future__ import annotations

import os
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from farandole.api import DataError
from farandole.api.features import WeightsFile
from farandole.networks.weights import read_weights
from farandole.networks.weights_files import declared_sha256
from tests.support.networks_pth import MAGIC, pth, state, tensor, text, with_state

ARRAYS: dict[str, NDArray[Any]] = {
    "conv.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2),
    "conv.bias": np.array([0.5, -0.5], np.float32),
    "steps": np.array(7, np.int64),
}


def written(folder: Path, content: bytes) -> Path:
    path = folder / "weights.pth"
    path.write_bytes(content)
    return path


def test_arrays_come_back_as_they_were_written(tmp_path: Path) -> None:
    read = read_weights(written(tmp_path, pth(ARRAYS)))
    assert list(read) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].dtype == array.dtype


class Malicious:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_pickle_that_would_run_a_program_is_refused_and_does_not_run(
    tmp_path: Path, place: int
) -> None:
    mark = tmp_path / "ran"
    parts = [pickle.dumps(v, protocol=2) for v in (MAGIC, 1001, {"little_endian": True})]
    parts.insert(place, pickle.dumps({"weight": Malicious(mark)}, protocol=2))
    with pytest.raises(DataError, match=r"names (posix|nt)\.system.*do not open it"):
        read_weights(written(tmp_path, b"".join(parts)))
    assert not mark.exists()


@pytest.mark.parametrize(
    "name", ["builtins\neval", "builtins\ngetattr", "torch\nload", "numpy\nload", "collections\nx"]
)
def test_every_name_but_those_of_tensors_is_refused(tmp_path: Path, name: str) -> None:
    content = state({"weight": b"c" + name.encode() + b"\n" + b"(" + text("1") + b"tR"})
    with pytest.raises(DataError, match=name.replace("\n", r"\.")):
        read_weights(written(tmp_path, with_state(content)))


def test_a_tensor_that_reaches_outside_its_storage_is_refused(tmp_path: Path) -> None:
    content = with_state(state({"weight": tensor("FloatStorage", "1", 4, (2, 2), offset=1)}))
    numbers = pickle.dumps(["1"], protocol=2) + (4).to_bytes(8, "little") + bytes(16)
    with pytest.raises(DataError, match=r"inside storage 1 of 4 numbers, received .*\(2, 2\)"):
        read_weights(written(tmp_path, content + numbers))


def test_a_tensor_larger_than_its_storage_is_refused(tmp_path: Path) -> None:
    entry = tensor("FloatStorage", "1", 1, (2**30, 1), strides=(0, 0))
    tail = pickle.dumps(["1"], protocol=2) + (1).to_bytes(8, "little") + bytes(4)
    with pytest.raises(DataError, match="inside storage 1 of 1 numbers"):
        read_weights(written(tmp_path, with_state(state({"weight": entry})) + tail))


def test_another_magic_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="magic number"):
        read_weights(written(tmp_path, pth(ARRAYS, magic=1)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.pth"):
        read_weights(tmp_path / "absent.pth")


def test_a_declared_file_that_is_missing_is_answered_with_the_field_to_correct(
    tmp_path: Path,
) -> None:
    path = tmp_path / "absent.h5"
    with pytest.raises(DataError) as caught:
        declared_sha256(WeightsFile(uri="absent.h5"), lambda uri: tmp_path / uri)
    assert str(caught.value).startswith(f"{path}: expected a file of weights, received No such")
    assert "features.weights.file.uri" in str(caught.value)


@given(end=st.integers(0, len(pth(ARRAYS)) - 1))
def test_a_torn_file_is_refused_wherever_it_ends(
    tmp_path_factory: pytest.TempPathFactory, end: int
) -> None:
    path = tmp_path_factory.mktemp("torn") / "weights.pth"
    path.write_bytes(pth(ARRAYS)[:end])
    with pytest.raises(DataError, match=r"weights\.pth: expected"):
        read_weights(path)


@given(at=st.integers(0, len(pth(ARRAYS)) - 1), byte=st.integers(0, 255))
def test_a_changed_byte_changes_a_number_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int
) -> None:
    content = bytearray(pth(ARRAYS))
    content[at] = byte
    path = tmp_path_factory.mktemp("changed") / "weights.pth"
    path.write_bytes(bytes(content))
    with suppress(DataError):
        read_weights(path)
