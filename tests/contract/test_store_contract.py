"""What every store does, whether it is a folder, S3 as moto emulates it, or a real S3 server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest

from farandole.api.errors import DataError
from farandole.data.sealing import sealed
from farandole.data.store import IllegalKey, NotFound, Sealed, Store
from tests.support.data_stores import Opener, opener

KINDS = ["folder", "moto", pytest.param("minio", marks=pytest.mark.server)]
CLIMBING = ["../x", "a/../../x", "a/..", "/etc/passwd", "a//b", "./a", "a/.", "", "a/", "a\0b"]
MULTIPART = 12 << 20  # bytes: three parts of 5 MiB


@pytest.fixture(scope="module", params=KINDS)
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opener]:
    with opener(request.param, tmp_path_factory.mktemp("stores")) as opens:
        yield opens


@pytest.fixture
def store(request: pytest.FixtureRequest, opened: Opener) -> Store:
    return opened(request.function.__name__)


def keys(store: Store, prefix: str = "") -> list[str]:
    return [found.key for found in store.list(prefix)]


def test_what_was_put_is_read_back(store: Store) -> None:
    store.put("a/b.bin", b"content")

    assert store.get("a/b.bin") == b"content"
    assert store.exists("a/b.bin")


def test_an_opened_object_can_be_read_in_any_order(store: Store) -> None:
    store.put("a", b"0123456789")

    with store.open("a") as content:
        content.seek(5)
        assert content.read(2) == b"56"
        content.seek(0)
        assert content.read() == b"0123456789"


def test_an_empty_object_is_an_object(store: Store) -> None:
    store.put("empty", b"")

    found = store.stat("empty")
    assert found is not None
    assert found.size == 0
    assert store.get("empty") == b""
    assert keys(store) == ["empty"]


def test_an_object_is_described_by_size_time_and_a_tag_that_changes(store: Store) -> None:
    store.put("a", b"one")
    before = store.stat("a")
    store.put("a", b"three")
    after = store.stat("a")

    assert before is not None
    assert after is not None
    assert (before.key, before.size, after.size) == ("a", 3, 5)
    assert before.etag != after.etag
    assert abs(after.modified - datetime.now(UTC)) < timedelta(minutes=1)
    assert list(store.list("")) == [after]


def test_a_missing_object_is_named(store: Store, tmp_path: Path) -> None:
    attempts: list[Callable[[], Any]] = [
        lambda: store.get("not/there"),
        lambda: store.open("not/there"),
        lambda: store.local("not/there", tmp_path),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound, match="'not/there'"):
            attempt()

    assert store.stat("not/there") is None
    assert not store.exists("not/there")
    store.delete("not/there")
    store.delete_prefix("not")


def test_a_folder_of_keys_is_no_object(store: Store) -> None:
    store.put("a/b", b"1")

    assert not store.exists("a")
    with pytest.raises(NotFound):
        store.get("a")


def test_put_if_absent_writes_once(store: Store) -> None:
    assert store.put_if_absent("claim", b"first")
    assert not store.put_if_absent("claim", b"second")
    assert store.get("claim") == b"first"

    store.delete("claim")
    assert store.put_if_absent("claim", b"third")


def test_of_racing_writers_exactly_one_writes(store: Store) -> None:
    writers = 32
    barrier = Barrier(writers)

    def write(writer: int) -> bool:
        barrier.wait()
        return store.put_if_absent("runs/1/claim", b"writer %d" % writer)

    with ThreadPoolExecutor(writers) as pool:
        wrote = list(pool.map(write, range(writers)))

    assert wrote.count(True) == 1
    assert store.get("runs/1/claim") == b"writer %d" % wrote.index(True)


def test_a_reader_sees_the_old_object_or_the_new_one_whole(store: Store) -> None:
    contents = [bytes([letter]) * (1 << 20) for letter in b"ab"]
    store.put("k", contents[0])

    def write() -> None:
        for i in range(20):
            store.put("k", contents[i % 2])

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        seen = {store.get("k")}
        while not writing.done():
            seen.add(store.get("k"))
        writing.result()

    assert seen <= set(contents)


def test_listing_is_sorted_by_the_bytes_of_the_keys(store: Store) -> None:
    names = ["Z", "a!", "a-b", "a.txt", "a/b", "a/c/d", "a0", "b", "é/1", "日本/猫", "🐱"]
    for name in reversed(names):
        store.put(name, b"")

    assert keys(store) == names == sorted(names, key=lambda name: name.encode())


def test_a_prefix_is_a_folder(store: Store) -> None:
    for name in ["run/1/a", "run/1/b/c", "run/10/a", "run/1-old", "runs/1/a"]:
        store.put(name, b"")

    assert keys(store, "run/1") == keys(store, "run/1/") == ["run/1/a", "run/1/b/c"]
    assert keys(store, "run/1/a") == []
    assert keys(store, "nothing") == []

    store.delete_prefix("run/1")
    assert keys(store) == ["run/1-old", "run/10/a", "runs/1/a"]


def test_a_listing_of_more_than_a_thousand_keys_is_complete(store: Store) -> None:
    names = [f"{i % 3}/{i:04d}" for i in range(1005)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: store.put(name, b""), names))

    assert keys(store) == sorted(names)

    store.delete_prefix("")
    assert keys(store) == []


@pytest.mark.parametrize(
    "name",
    [
        "données/été.txt",
        "日本/猫 🐱.jpg",
        "a b+c%41&d=e#f?g'h\"i",
        "~!@$^*()[]{};:,|\\<>`.txt",
        ".a",
    ],
)
def test_a_key_may_be_any_unicode(store: Store, name: str) -> None:
    store.put(name, name.encode())
    store.put_if_absent(f"x/{name}", b"1")

    assert store.get(name) == name.encode()
    assert store.get(f"x/{name}") == b"1"
    assert name in keys(store)
    store.delete(name)
    assert name not in keys(store)


@pytest.mark.parametrize("key", [*CLIMBING, "a" * 256, "a/" * 512 + "b", ".partial-1"])
def test_a_key_that_is_no_plain_path_is_refused(store: Store, key: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    attempts: list[Callable[[], Any]] = [
        lambda: store.get(key),
        lambda: store.open(key),
        lambda: store.put(key, b""),
        lambda: store.put_file(key, file),
        lambda: store.put_if_absent(key, b""),
        lambda: store.exists(key),
        lambda: store.stat(key),
        lambda: store.delete(key),
        lambda: store.local(key),
    ]
    for attempt in attempts:
        with pytest.raises(IllegalKey, match="expected a key"):
            attempt()


@pytest.mark.parametrize("prefix", ["..", "a/../..", "/", "a//", "."])
def test_a_prefix_that_climbs_is_refused(store: Store, prefix: str) -> None:
    with pytest.raises(IllegalKey):
        list(store.list(prefix))
    with pytest.raises(IllegalKey):
        store.delete_prefix(prefix)


def test_a_large_object_comes_back_whole(store: Store, tmp_path: Path) -> None:
    content = np.random.default_rng(0).bytes(MULTIPART)
    file = tmp_path / "file"
    file.write_bytes(content)

    store.put("bytes", content)
    store.put_file("file", file)

    assert store.get("bytes") == content
    assert store.get("file") == content
    assert [found.size for found in store.list("")] == [MULTIPART, MULTIPART]


def test_a_local_file_can_be_memory_mapped(store: Store, tmp_path: Path) -> None:
    store.put("a/vector.f32", np.arange(6, dtype=np.float32).tobytes())

    path = store.local("a/vector.f32", tmp_path)
    assert path.name == "vector.f32"
    assert np.memmap(path, np.float32, "r").tolist() == [0, 1, 2, 3, 4, 5]
    assert store.local("a/vector.f32", tmp_path) == path

    store.put("a/vector.f32", np.ones(2, dtype=np.float32).tobytes())
    assert np.memmap(store.local("a/vector.f32", tmp_path), np.float32, "r").tolist() == [1, 1]


def test_local_files_lie_in_the_places_of_their_prefix(store: Store) -> None:
    store.put("data/test/rows", b"rows")

    path = store.local("data/test/rows")

    assert any(path.is_relative_to(place) for place in store.places("data/test"))
    assert not any(path.is_relative_to(place) for place in store.places("data/train"))


def test_two_stores_do_not_see_each_other(opened: Opener) -> None:
    one, ten = opened("one"), opened("one0")
    one.put("a", b"one")
    ten.put("b", b"ten")

    assert (keys(one), keys(ten)) == (["a"], ["b"])


def test_a_local_file_that_is_not_there_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="missing-file"):
        store.put_file("a", tmp_path / "missing-file")
    assert not store.exists("a")


def test_a_sealed_prefix_is_closed_and_the_rest_is_open(store: Store, tmp_path: Path) -> None:
    for split in ["train", "test", "test-notes"]:
        store.put(f"data/{split}/rows", split.encode())
    closed = sealed(store, ["data/test"])
    attempts: list[Callable[[], Any]] = [
        lambda: closed.get("data/test/rows"),
        lambda: closed.open("data/test/rows"),
        lambda: closed.put("data/test/more", b""),
        lambda: closed.put_file("data/test/more", tmp_path),
        lambda: closed.put_if_absent("data/test/more", b""),
        lambda: closed.exists("data/test/rows"),
        lambda: closed.stat("data/test/rows"),
        lambda: closed.delete("data/test/rows"),
        lambda: closed.local("data/test/rows"),
        lambda: list(closed.list("data/test")),
        lambda: closed.delete_prefix("data/test"),
        lambda: closed.delete_prefix("data"),
        lambda: closed.delete_prefix(""),
    ]
    for attempt in attempts:
        with pytest.raises(Sealed, match="'data/test'"):
            attempt()

    assert closed.get("data/train/rows") == b"train"
    assert keys(closed, "data") == ["data/test-notes/rows", "data/train/rows"]
    assert store.get("data/test/rows") == b"test"
