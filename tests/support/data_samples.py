"""The data of the examples, fetched once into the clone's own state folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FETCH = ROOT / "operator/examples/fetch.py"
SAMPLES = ROOT / ".farandole/samples"


def sample(name: str) -> Path:
    """Return the folder of a sample; the test is skipped, saying why, where it cannot be had."""
    if not (SAMPLES / name).exists():
        command = [sys.executable, str(FETCH), name, "--into", str(SAMPLES)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"the sample {name} cannot be fetched here: {done.stderr.strip()}")
    return SAMPLES / name
