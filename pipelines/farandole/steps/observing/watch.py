"""Which checkpoint to score next, and what became of those that were not."""

from __future__ import annotations

from dataclasses import dataclass, field

from farandole.data.store import Store
from farandole.ring.checkpoints import Checkpoint, Place, place_of, read
from farandole.ring.manifest import TornCheckpoint


@dataclass
class Watch:
    """The complete checkpoints under `prefix` that are newer than the step `after`.

    A checkpoint that is written and rotated away between two looks is never seen: look at least
    every second, also while one is being scored.
    """

    store: Store
    prefix: str
    after: int
    lost: int = 0
    torn: int = 0
    _seen: dict[Place, float] = field(default_factory=dict)
    _refused: set[Place] = field(default_factory=set)

    def look(self) -> None:
        """Take note of the checkpoints that there are now."""
        self._seen.update(self._complete())

    def newest(self) -> Place | None:
        """Return the newest that may be read, as of the last look."""
        return max((place for place in self._seen if place not in self._refused), default=None)

    def read(self, place: Place) -> Checkpoint | None:
        """Read a checkpoint; None where it is gone or damaged, which is counted."""
        try:
            return read(self.store, self.prefix, place)
        except TornCheckpoint:
            self._refused.add(place)
            gone = place not in self._complete()
            self.lost, self.torn = self.lost + gone, self.torn + (not gone)
            return None

    def close(self, place: Place) -> tuple[float, int]:
        """Leave a checkpoint and all before it behind.

        Returns when it was complete, in seconds since the epoch, and how many were passed over.
        """
        passed = [seen for seen in self._seen if seen < place and seen not in self._refused]
        complete = self._seen[place]
        self.after = place.step
        self._seen = {seen: at for seen, at in self._seen.items() if seen.step > place.step}
        return complete, len(passed)

    def waiting(self) -> int:
        """Return how many were seen and neither scored nor passed over."""
        return len(set(self._seen) - self._refused)

    def _complete(self) -> dict[Place, float]:
        stats = ((place_of(stat.key), stat) for stat in self.store.list(self.prefix))
        return {
            place: stat.modified.timestamp()
            for place, stat in stats
            if place is not None and place.step > self.after
        }
