from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PRELUDE = """
import os, io, sys
from pathlib import Path
from farandole.data.sealing import seal_process
from farandole.data.store import Sealed, open_store
root = Path(sys.argv[1])
test, train = root / "data/test", root / "data/train"
seal_process([test])
"""

WAYS = {
    "open": "open(test / 'rows.csv')",
    "bytes": "open(os.fsencode(test / 'rows.csv'), 'rb')",
    "os.open": "os.open(test / 'rows.csv', os.O_RDONLY)",
    "FileIO": "io.FileIO(str(test / 'rows.csv'))",
    "read_bytes": "(test / 'rows.csv').read_bytes()",
    "a relative path": "os.chdir(train); open('../test/rows.csv')",
    "dots": "open(train / '..' / 'test' / '.' / 'rows.csv')",
    "a link to the file": "open(train / 'link-to-file')",
    "a link to the folder": "open(train / 'link-to-folder' / 'rows.csv')",
    "a link to the folder above": "open(root / 'link-to-data' / 'test' / 'rows.csv')",
    "a link made now": "os.symlink(test, train / 'new'); open(train / 'new' / 'rows.csv')",
    "memory map": "np.memmap(test / 'rows.csv')",
    "numpy": "np.load(test / 'rows.npy')",
    "pandas": "pd.read_csv(test / 'rows.csv')",
    "a table": "read_raw(test / 'rows.csv', 'rows.csv')",
    "the store": "open_store(str(root)).get('data/test/rows.csv')",
    "a listing": "os.listdir(test)",
    "a walk": "list(os.scandir(test))",
    "a glob": "list(test.rglob('*'))",
    "moving it away": "os.rename(test, root / 'data/elsewhere')",
    "moving a file away": "(test / 'rows.csv').replace(train / 'rows.csv')",
    "a hard link": "os.link(test / 'rows.csv', train / 'hard')",
    "writing": "open(test / 'more', 'w')",
    "moving the folder above away": "os.rename(root / 'data', root / 'elsewhere')",
}
READERS = """
import numpy as np
import pandas as pd
from farandole.data.tables import read_raw
"""
EACH = """
for way in ways:
    try:
        exec(way)
    except Sealed as refusal:
        print("sealed:", str(refusal).replace("\\n", " "))
    except BaseException as error:
        print("failed:", repr(error))
    else:
        print("opened")
"""
FORK = """
child = os.fork()
if not child:
    try:
        open(test / 'rows.csv')
    except Sealed:
        os._exit(77)
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sealing")
    for split in "train", "test", "test-notes":
        (root / "data" / split).mkdir(parents=True)
        (root / "data" / split / "rows.csv").write_text("a,b\n1,2\n")
    (root / "data/train/link-to-file").symlink_to(root / "data/test/rows.csv")
    (root / "data/train/link-to-folder").symlink_to("../test")
    (root / "link-to-data").symlink_to("data")
    return root


def run(root: Path, *programs: str) -> list[str]:
    """Run each program in one sealed process and say of each whether it was refused."""
    script = f"{READERS}{PRELUDE}ways = {list(programs)!r}{EACH}"
    done = subprocess.run(
        [sys.executable, "-c", script, str(root)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[: len(programs)]


def test_no_way_of_python_opens_a_sealed_folder(root: Path) -> None:
    found = dict(zip(WAYS, run(root, *WAYS.values()), strict=True))

    opened = {name: said for name, said in found.items() if not said.startswith("sealed:")}
    assert opened == {}
    assert f"{root}/data/test/rows.csv is closed to this process" in found["open"]


def test_a_forked_child_is_sealed_too(root: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PRELUDE + FORK, str(root)], check=False)

    assert done.returncode == 77


def test_everything_else_stays_open(root: Path) -> None:
    ways = [
        "open(train / 'rows.csv').read()",
        "open(root / 'data/test-notes/rows.csv').read()",
        "list(os.scandir(root / 'data'))",
        "open(train / 'new-file', 'w').close()",
        "os.rename(train / 'new-file', train / 'newer-file')",
        "open(0, closefd=False)",
        "open_store(str(root)).get('data/train/rows.csv')",
        "import json, decimal",
    ]

    assert run(root, *ways) == ["opened"] * len(ways)
