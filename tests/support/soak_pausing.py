"""A store whose writer stops in the midst of a checkpoint when asked, to be killed there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from farandole.data.store import Stat, Store

Moment = Literal["before data", "half of data", "before manifest", "half of manifest", "after all"]
MOMENTS: tuple[Moment, ...] = get_args(Moment)
_FILES = {"data": "arrays.bin", "manifest": "manifest.json", "all": "manifest.json"}


@dataclass(frozen=True)
class PausingStore:
    """`inner`, until `folder`/pause names a moment: there it leaves `folder`/paused, and waits.

    "half of" puts half an object where a whole one belongs, as a store without atomic writes would.
    """

    inner: Store
    folder: Path

    def get(self, key: str) -> bytes:
        return self.inner.get(key)

    def put(self, key: str, content: bytes) -> None:
        when, what = self._asked()
        if not what or not key.endswith(_FILES[what]):
            self.inner.put(key, content)
            return
        if when == "half of":
            self.inner.put(key, content[: len(content) // 2])
        elif when == "after":
            self.inner.put(key, content)
        (self.folder / "paused").touch()
        threading.Event().wait()

    def put_if_absent(self, key: str, content: bytes) -> bool:
        return self.inner.put_if_absent(key, content)

    def list(self, prefix: str) -> Iterator[Stat]:
        return self.inner.list(prefix)

    def delete(self, key: str) -> None:
        self.inner.delete(key)

    def delete_prefix(self, prefix: str) -> None:
        self.inner.delete_prefix(prefix)

    def _asked(self) -> tuple[str, str]:
        request = self.folder / "pause"
        try:
            when, _, what = request.read_text().rpartition(" ")
        except OSError:
            return "", ""
        return when, what
