"""A reader beside the soak's ring: `python -m tests.support.soak_reader FOLDER ATTEMPT`.

It reads the newest checkpoint over and over while it is written, and writes down what it got.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path

from farandole.api.errors import FarandoleError
from farandole.data.store import open_store
from farandole.ring.checkpoints import Checkpoint, Checkpoints

PAUSE_SECONDS = 0.02


def told(found: Checkpoint) -> dict[str, object]:
    content = b"".join(array.tobytes() for array in found.arrays)
    digest = hashlib.sha256(content).hexdigest()
    return {"step": found.manifest.standing.steps, "digest": digest, "torn": list(found.torn)}


def main(folder: Path, attempt: int) -> None:
    store = open_store(str(folder / "store"))
    checkpoints = Checkpoints(store, "checkpoints/soak", "soak", attempt, 3, 8, 16, 2)
    seen: dict[str, object] = {}
    with (folder / "read" / f"{attempt:05d}").open("a") as out:
        while True:
            try:
                found = checkpoints.latest()
            except FarandoleError as error:
                out.write(json.dumps({"error": str(error)}) + "\n")
                found = None
            if found is not None and (now := told(found)) != seen:
                seen = now
                out.write(json.dumps(now) + "\n")
                out.flush()
            time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
