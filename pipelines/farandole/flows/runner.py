"""Compiles the pipeline and executes it on this machine, a process a step.

    python -m farandole.flows.runner NAME FOLDER

It runs in a session of its own, so that its process stands for the run (the claim names it), and
ends all that it has started when its standard input closes: then the person's program is gone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

import psutil

from farandole.api.errors import ExitCode
from farandole.flows.processes import MARK, end_run
from farandole.flows.state import ARGUMENTS, PIPELINE, TASKS

LOOK = 1.0
"""Seconds between two looks for a step that has died."""


def main() -> int:
    """Run the pipeline; 0 when every task ended well, 1 when one did not."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    for duty in (_end_with_the_caller, _end_what_a_step_left):
        threading.Thread(target=duty, name=duty.__name__, daemon=True).start()
    return execute(name, folder)


def execute(name: str, folder: Path) -> int:
    """Compile the pipeline into `folder` and run it there on the arguments that lie beside it."""
    from kfp import local
    from kfp.components import load_component_from_file

    from farandole.flows.compiling import compile_pipeline

    arguments = json.loads((folder / ARGUMENTS).read_text(encoding="utf-8"))
    compile_pipeline(name, folder / PIPELINE, arguments)
    # kfp.local puts sys.executable in place of every "python3" in a task's command, also inside
    # the arguments: a path such as /home/me/python3-course would be torn. The PATH is ours
    # (flows.local puts this interpreter first), so the word can stay as it is.
    sys.executable = "python3"
    local.init(
        local.SubprocessRunner(use_venv=False),
        pipeline_root=str(folder / TASKS),
        workspace_root=str(folder / TASKS / "workspace"),
    )
    try:
        load_component_from_file(str(folder / PIPELINE))()
    except RuntimeError as error:
        print(error, flush=True)
        return 1
    return 0


def _end_with_the_caller() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    end_run(os.environ[MARK])
    os._exit(ExitCode.INTERRUPTED)


def _end_what_a_step_left() -> None:
    """End the children of a step that is dead: kfp.local waits until nobody holds its output."""
    dead: list[int] = []
    while True:
        time.sleep(LOOK)
        before, dead = dead, [child.pid for child in psutil.Process().children() if _is_dead(child)]
        if dead and dead == before:
            end_run(os.environ[MARK])


def _is_dead(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    sys.exit(main())
