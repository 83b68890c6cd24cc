"""What kubectl reads: Go's sigs.k8s.io/yaml, run live, and its recorded answers.

`python -m tests.support.api_kubectl_yaml` records the answers for the corpus anew.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "contract" / "yaml"
ANSWERS = FOLDER / "answers.json"


class GoIsMissingError(Exception):
    """Go, or the modules that the program needs, cannot be had here."""


@cache
def corpus() -> dict[str, dict[str, str]]:
    """Give the YAML texts by name: those that are `read`, and those that are `refused`."""
    texts: dict[str, dict[str, str]] = json.loads((FOLDER / "corpus.json").read_text("utf-8"))
    return texts


@cache
def recorded() -> dict[str, dict[str, Any]]:
    """Give what Go answered for every text of the corpus when it was recorded."""
    answers: dict[str, dict[str, Any]] = _loads(ANSWERS.read_text("utf-8"))
    return answers


UNREACHABLE = ("dial tcp", "connection refused", "i/o timeout")
"""What Go says where it cannot fetch a module."""


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    """Make a folder that is gone when the process ends."""
    return tempfile.TemporaryDirectory(prefix="yamljson-")


@cache
def program() -> Path:
    """Build the Go program; its modules come from the Go module proxy or its cache."""
    go = shutil.which("go")
    if go is None:
        raise GoIsMissingError("go is not on the PATH")
    built = Path(_scratch().name) / "yamljson"
    command = [go, "build", "-buildvcs=false", "-o", str(built), "."]
    done = subprocess.run(command, cwd=FOLDER / "go", capture_output=True, text=True, check=False)
    if done.returncode and any(sign in done.stderr for sign in UNREACHABLE):
        raise GoIsMissingError(f"the Go modules cannot be had: {done.stderr.splitlines()[-1]}")
    if done.returncode:
        raise RuntimeError(f"go build failed: {done.stderr}")
    return built


def go_reads(texts: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Ask Go: per text its `json`, or an `error`, and what a `strict` reader objects to."""
    asked = json.dumps(list(texts.values()))
    done = subprocess.run([program()], input=asked, capture_output=True, text=True, check=True)
    return dict(zip(texts, _loads(done.stdout), strict=True))


def _loads(text: str) -> Any:
    """Read JSON of Go, which writes a float without exponent up to 1e21."""
    return json.loads(text, parse_int=lambda digits: _in_range(int(digits)))


def _in_range(number: int) -> int | float:
    return number if -(2**63) <= number < 2**64 else float(number)


def all_texts() -> dict[str, str]:
    """Give the whole corpus."""
    return corpus()["read"] | corpus()["refused"]


if __name__ == "__main__":
    answers = json.dumps(go_reads(all_texts()), indent=1, ensure_ascii=False)
    ANSWERS.write_text(answers + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(all_texts())} answers recorded in {ANSWERS}\n")
