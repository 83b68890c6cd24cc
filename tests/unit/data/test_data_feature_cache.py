from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from farandole.api.errors import DataError
from farandole.data.feature_cache import FeatureCache
from farandole.data.folder_store import FolderStore
from farandole.data.store import NotFound

WIDTH = 3


def cache(folder: Path) -> FeatureCache:
    return FeatureCache(FolderStore(folder), "ab12", (WIDTH,), "float32")


def rows(keys: list[str]) -> NDArray[np.float32]:
    made = [[len(key), *key.encode()[:1], 0.1] for key in keys]
    return np.array(made, np.float32).reshape(-1, WIDTH)


def test_only_new_rows_are_missing(tmp_path: Path) -> None:
    cache(tmp_path).append(["a/0", "b/0"], rows(["a/0", "b/0"]))

    assert cache(tmp_path).missing(["c/0", "b/0", "a/1", "c/0"]) == ["c/0", "a/1"]


def test_rows_are_gathered_in_the_order_asked_for(tmp_path: Path) -> None:
    writer, reader = cache(tmp_path), cache(tmp_path)
    writer.append(["a", "b"], rows(["a", "b"]))
    assert reader.missing(["a", "b", "ccc"]) == ["ccc"]
    writer.append(["ccc"], rows(["ccc"]))

    wanted = ["b", "ccc", "a", "b"]
    assert reader.gather(wanted).tolist() == rows(wanted).tolist()
    assert reader.gather([]).shape == (0, WIDTH)


@settings(max_examples=20, deadline=None)
@given(
    appends=st.lists(st.sets(st.text("abc/0", min_size=1, max_size=4), max_size=5), max_size=5),
    wanted=st.lists(st.text("abc/0", min_size=1, max_size=4), max_size=8),
)
def test_whatever_was_appended_is_there_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, appends: list[set[str]], wanted: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    for keys in map(sorted, appends):
        cache(folder).append(keys, rows(keys))
    held = set().union(*appends)

    reader = cache(folder)

    assert set(reader.missing(wanted)) == set(wanted) - held
    present = [key for key in wanted if key in held]
    assert reader.gather(present).tobytes() == rows(present).tobytes()


def test_many_writers_append_at_once(tmp_path: Path) -> None:
    batches = [[f"{writer}-{i}" for i in range(5)] for writer in range(16)]

    def write(keys: list[str]) -> None:
        cache(tmp_path).append(keys, rows(keys))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, [*batches, *batches]))

    reader, everything = cache(tmp_path), [key for keys in batches for key in keys]
    assert reader.missing(everything) == []
    assert reader.gather(everything).tolist() == rows(everything).tolist()


def test_a_segment_without_its_index_is_invisible(tmp_path: Path) -> None:
    cache(tmp_path).append(["a"], rows(["a"]))
    (index,) = (tmp_path / "features/ab12/index").iterdir()
    index.unlink()

    assert cache(tmp_path).missing(["a"]) == ["a"]


@pytest.mark.parametrize("left", [b"", b"half a r"])
def test_an_index_without_its_whole_segment_is_invisible(tmp_path: Path, left: bytes) -> None:
    cache(tmp_path).append(["a"], rows(["a"]))
    (segment,) = (tmp_path / "features/ab12/segments").iterdir()
    segment.write_bytes(left)

    assert cache(tmp_path).missing(["a"]) == ["a"]
    cache(tmp_path).append(["a"], rows(["a"]))
    assert cache(tmp_path).gather(["a"]).tolist() == rows(["a"]).tolist()


def test_a_segment_with_another_bit_is_found_and_computed_again(tmp_path: Path) -> None:
    cache(tmp_path).append(["a", "b"], rows(["a", "b"]))
    (segment,) = (tmp_path / "features/ab12/segments").iterdir()
    content = bytearray(segment.read_bytes())
    content[5] ^= 1
    segment.write_bytes(content)

    reader = cache(tmp_path)
    assert reader.missing(["b", "a"]) == ["b", "a"]
    reader.append(["a", "b"], rows(["a", "b"]))
    assert reader.missing(["b", "a"]) == []
    assert reader.gather(["b", "a"]).tolist() == rows(["b", "a"]).tolist()


def test_another_segment_stands_in_for_a_damaged_one(tmp_path: Path) -> None:
    cache(tmp_path).append(["a"], rows(["a"]))
    (segment,) = (tmp_path / "features/ab12/segments").iterdir()
    cache(tmp_path).append(["b", "a"], rows(["b", "a"]))
    segment.write_bytes(bytes(segment.stat().st_size))

    assert cache(tmp_path).gather(["a", "b"]).tolist() == rows(["a", "b"]).tolist()


def test_rows_are_gathered_into_the_array_given(tmp_path: Path) -> None:
    cache(tmp_path).append(["a", "b"], rows(["a", "b"]))
    out = np.zeros((2, WIDTH), np.float32)

    cache(tmp_path).gather(["b", "a"], out)

    assert out.tolist() == rows(["b", "a"]).tolist()


def test_of_two_values_every_reader_takes_the_same(tmp_path: Path) -> None:
    values = [np.full((1, WIDTH), value, np.float32) for value in range(6)]
    early = cache(tmp_path)
    for value in values:
        cache(tmp_path).append(["a"], value)
        early.missing(["a"])

    assert early.gather(["a"]).tolist() == cache(tmp_path).gather(["a"]).tolist()


def test_a_row_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="'digest/0'"):
        cache(tmp_path).gather(["digest/0"])


@pytest.mark.parametrize(
    "keys, array",
    [
        (["a"], np.zeros((1, WIDTH + 1), np.float32)),
        (["a"], np.zeros((2, WIDTH), np.float32)),
        (["a"], np.zeros((1, WIDTH), np.float64)),
        (["a", "a"], np.zeros((2, WIDTH), np.float32)),
        (["a\nb"], np.zeros((1, WIDTH), np.float32)),
    ],
)
def test_an_append_of_another_form_is_refused(
    tmp_path: Path, keys: list[str], array: NDArray[np.float32]
) -> None:
    with pytest.raises(DataError, match="features: expected"):
        cache(tmp_path).append(keys, array)


def test_features_of_another_shape_under_the_same_digest_are_refused(tmp_path: Path) -> None:
    cache(tmp_path).append(["a"], rows(["a"]))

    with pytest.raises(DataError, match=r"'shape': \[3\].*delete features/ab12"):
        FeatureCache(FolderStore(tmp_path), "ab12", (4,), "float32").missing(["a"])
