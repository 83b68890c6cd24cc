import subprocess
import sys

import pytest

PROGRAM = """
import atexit, sys
from farandole.api.errors import DataError
from farandole.ring.leaving import leave_after
atexit.register(lambda: print("cleaned up slowly"))
def program():
    {does}
leave_after(program)
"""


@pytest.mark.parametrize(
    "does, code, said",
    [
        ("return 0", 0, ""),
        ("raise DataError('cat.png: expected an image')", 4, "cat.png: expected an image\n"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero\n"),
    ],
)
def test_a_rank_leaves_at_once_however_its_program_ends(does: str, code: int, said: str) -> None:
    program = [sys.executable, "-c", PROGRAM.format(does=does)]
    ended = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert ended.stderr.endswith(said)
    assert ("Traceback" in ended.stderr) is (code == 1)
