"""What a companion sees of its ring: the step it is in, and that it has ended."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

ENDED = "ended"


@dataclass(frozen=True)
class Ring:
    """The ring that a launcher runs in `folder`, seen by the companion whose files lie in `home`.

    Both are there when the companion starts; a companion that nobody launched sees a ring that
    never says its step and never ends.
    """

    folder: Path
    home: Path

    @property
    def step(self) -> int | None:
        """The step that rank 0 is in; None before the first."""
        beat = self.folder / "ranks" / "0.step"
        content = beat.read_bytes() if beat.exists() else b""
        step, _ = struct.unpack("<qq", content) if len(content) == 16 else (-1, 0)
        return int(step) if step >= 0 else None

    @property
    def ended(self) -> bool:
        """Whether all ranks have ended well, and the launcher waits for this companion alone."""
        return (self.home / ENDED).exists()

    def told(self, name: str) -> bool:
        """Whether the companion has said `name`."""
        return (self.home / name).exists()

    def tell(self, name: str) -> None:
        """Say `name` to the launcher."""
        (self.home / name).touch()
