from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farandole.api.errors import DataError
from farandole.data.folder_store import FolderStore
from farandole.data.store import IllegalKey, legal_key, open_store


def keys(store: FolderStore, prefix: str = "") -> list[str]:
    return [found.key for found in store.list(prefix)]


@given(st.text(st.sampled_from("./a\\\0é"), max_size=12))
def test_a_key_is_refused_or_stays_inside_the_folder(key: str) -> None:
    root = Path("/store")
    try:
        legal_key(key)
    except IllegalKey:
        return
    assert Path(os.path.normpath(root / key)).is_relative_to(root)
    assert Path(os.path.normpath(root / key)) != root


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_folder_is_opened_by_path_or_address(tmp_path: Path, form: str) -> None:
    store = open_store(form.format(tmp_path / "été"))
    store.put("a", b"1")

    assert (tmp_path / "été/a").read_bytes() == b"1"
    assert open_store(store.uri).get("a") == b"1"


def test_a_file_address_is_decoded(tmp_path: Path) -> None:
    open_store((tmp_path / "with blank").as_uri()).put("a", b"1")

    assert (tmp_path / "with blank/a").exists()


@pytest.mark.parametrize("uri", ["gs://bucket", "http://host/x", "s3://", "s3:///key"])
def test_an_address_of_another_kind_is_refused(uri: str) -> None:
    with pytest.raises(DataError, match=r"s3://bucket/prefix, received"):
        open_store(uri)


def test_a_writer_killed_half_way_leaves_nothing_to_see(tmp_path: Path) -> None:
    FolderStore(tmp_path).put("a/old", b"old")
    program = """
import os, signal, sys
from pathlib import Path
from farandole.data.whole_file import whole_file
with whole_file(Path(sys.argv[1])) as out:
    out.write(b"half")
    out.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    for name in "old", "new":
        died = subprocess.run([sys.executable, "-c", program, tmp_path / "a" / name], check=False)
        assert died.returncode == -9

    store = FolderStore(tmp_path)
    assert len(list((tmp_path / "a").iterdir())) == 3
    assert keys(store) == ["a/old"]
    assert store.get("a/old") == b"old"
    store.delete_prefix("a")
    assert not (tmp_path / "a").exists()


def test_nothing_is_left_behind_by_finished_and_refused_writes(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put("a", b"1")
    store.put_if_absent("a", b"2")
    store.put_if_absent("b", b"2")
    with pytest.raises(DataError):
        store.put("a/below-an-object", b"3")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_links_are_followed_and_loops_are_not(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    store.put("a/b", b"1")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/c").write_bytes(b"2")
    (store.folder / "link").symlink_to(tmp_path / "elsewhere")
    (store.folder / "a/loop").symlink_to(store.folder)
    (store.folder / "dangling").symlink_to("nowhere")

    assert keys(store) == ["a/b", "link/c"]
    assert not store.exists("dangling")
    store.delete_prefix("link")
    assert (tmp_path / "elsewhere/c").exists()


def test_a_disk_without_hard_links_still_lets_one_writer_win(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    store = FolderStore(tmp_path)

    assert store.put_if_absent("a", b"first")
    assert not store.put_if_absent("a", b"second")
    assert store.get("a") == b"first"


def test_an_object_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    (tmp_path / "loop").symlink_to("loop")

    with pytest.raises(DataError, match=r"'loop' was refused by the disk: .*symbolic links"):
        store.get("loop")


FULL = """
import sys
from pathlib import Path
from farandole.data.folder_store import FolderStore
from farandole.data.store import StoreFull
store = FolderStore(Path(sys.argv[1]))
store.put("kept", b"k" * 1000)
big = Path(sys.argv[1]).parent / "big"
big.write_bytes(bytes(4 << 20))
attempts = [
    lambda: store.put("a/new", bytes(4 << 20)),
    lambda: store.put("kept", bytes(4 << 20)),
    lambda: store.put_if_absent("a/new", bytes(4 << 20)),
    lambda: store.put_file("a/new", big),
]
for attempt in attempts:
    try:
        attempt()
    except StoreFull as refusal:
        assert "the disk is full" in str(refusal) and "free some space" in str(refusal)
    else:
        raise AssertionError("a full disk took it")
assert [found.key for found in store.list("")] == ["kept"]
assert store.get("kept") == b"k" * 1000
store.put("small", b"s")
"""


def test_a_full_disk_says_so_and_loses_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" -c "$3" "$1"'
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    alone = ["unshare", "--mount", *user, "sh", "-c"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk here (unshare is refused)")

    done = subprocess.run(
        [*alone, mount, "sh", disk, sys.executable, FULL],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
