# mypy: ignore-errors
# mypy takes the real steps for these, whose names they bear.
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from farandole.api import DataError, RingError
from farandole.api.progress import Progress
from farandole.steps.place import Place

RANK = "import signal, sys; print('a rank', flush=True); signal.pause()"


def behave(step: str, place: Place, progress: Progress) -> dict[str, Any]:
    """Note the step's turn, do what the test asks of it, and return what the test gives it."""
    with (Path(place.folder) / "turns.txt").open("a") as out:
        out.write(f"{step}\n")
    asked: dict[str, Any] = _asked(place).get(step, {})
    for done in range(3):
        progress.update("rows", done + 1, 3)
    for message in asked.get("say", []):
        progress.say(message)
    while "until" in asked and not (Path(place.folder) / asked["until"]).exists():
        time.sleep(0.02)
    match asked.get("end"):
        case "data":
            raise DataError("cat.jpg: expected an image, received a text file; remove it")
        case "ring":
            raise RingError("rank 1, step 7: ended by signal 9")
        case "defect":
            raise ZeroDivisionError("division by zero")
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            _hang(place)
    return asked


def _asked(place: Place) -> dict[str, Any]:
    path = Path(place.folder) / "behaviour.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _hang(place: Place) -> None:
    """Work for ever, with a child that does not listen and one that has left the tree."""
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
    away = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {RANK!r}])"
    subprocess.Popen([sys.executable, "-c", deaf])
    subprocess.run([sys.executable, "-c", away], start_new_session=True, check=True)
    (Path(place.folder) / "hanging").write_text(str(os.getpid()))
    signal.pause()
