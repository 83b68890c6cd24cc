"""The evaluator beside a ring, started by train: `... -m farandole.steps.observe request.json JOB`.

It follows the checkpoints, scores the newest on all validation rows and keeps what it finds; it
decides nothing. Until a training turns out to be long it imports nothing that is.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from farandole.launch.beside import Ring
from farandole.launch.priority import stand_back

NAME = "observe"
BEGUN = "begun"  # the training is long enough
FOLLOWING = "following"  # the network is built
PAUSE = 0.5


def main(request: str, job: str) -> None:
    """Observe the training of `job` until its ring has ended; what is slow to import comes late."""
    stand_back()
    folder = Path(request).parent
    ring = Ring(folder, folder / NAME)
    place = json.loads(Path(request).read_bytes())["place"]
    if lasts(ring, place["observe_after"]):
        ring.tell(BEGUN)
        from farandole.ring.leaving import leave_after
        from farandole.steps.observing.program import observe

        leave_after(lambda: observe(request, job, ring))


def lasts(
    ring: Ring,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> bool:
    """Wait until a ring has taken steps for `seconds`; False where it ended before."""
    while ring.step is None and not ring.ended:
        pause(PAUSE)
    began = clock()
    while clock() - began < seconds and not ring.ended:
        pause(PAUSE)
    return not ring.ended


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
