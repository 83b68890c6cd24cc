"""MLflow's own database, where making it was cut short."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from farandole.registry.tracking import open_tracker

KILLED = """
import os, signal, sys
import sqlalchemy
from farandole.registry.tracking import open_tracker

made = 0

def count(connection, cursor, statement, *rest):
    global made
    made += statement.lstrip().upper().startswith("CREATE TABLE")
    if made == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

sqlalchemy.event.listen(sqlalchemy.engine.Engine, "after_cursor_execute", count)
open_tracker(sys.argv[1])
"""


@pytest.mark.parametrize("tables", [5, 20])
def test_a_kill_while_the_tables_are_made_leaves_nothing_that_cannot_be_opened(
    tables: int, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(tables)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120, env=os.environ)
    assert done.returncode == -signal.SIGKILL
    assert open_tracker(str(tmp_path)).versions() == ()
