"""Disks and stores that are full."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from farandole.data.folder_store import FolderStore
from farandole.data.store import StoreFull


class FullStore(FolderStore):
    """The folder of another store, with room for a number of objects more."""

    def __init__(self, store: FolderStore, room: int) -> None:
        super().__init__(store.folder)
        self._room = room

    def put(self, key: str, content: bytes) -> None:
        """Write an object while there is room."""
        self._take(key)
        super().put(key, content)

    def put_file(self, key: str, path: Path) -> None:
        """Write an object while there is room."""
        self._take(key)
        super().put_file(key, path)

    def _take(self, key: str) -> None:
        if self._room == 0:
            raise StoreFull(f"{self.uri}: the disk is full, {key!r} was not written")
        self._room -= 1


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """Mount a file system of so many kilobytes; the test is skipped where that is not allowed."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    mount = shutil.which("mount")
    if mount is None or subprocess.run([mount, *options], capture_output=True).returncode:
        pytest.skip("a small disk needs the right to mount, which root has")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # a file may still be open
