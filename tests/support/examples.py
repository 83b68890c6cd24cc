"""The examples on a capped number of rows, and running them as a person would."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "operator/examples"
SAMPLES = ROOT / ".farandole/samples"


@dataclass(frozen=True)
class Ran:
    """One finished command: its exit code and what it said."""

    code: int
    out: str
    err: str

    def answer(self) -> Any:
        """Return the JSON object that `--json` prints."""
        return json.loads(self.out)


def farandole(*arguments: str | Path, timeout: float = 600, **environment: str) -> Ran:
    """Run the command line in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "farandole.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, **environment},
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def document(folder: Path, example: str, data: Path, **recipe: Any) -> Path:
    """Write an example into `folder`, its data replaced, recipe parts merged in; None removes."""
    yaml = YAML(typ="safe")
    text = yaml.load((EXAMPLES / example).read_text(encoding="utf-8"))
    declared = text["spec"]["recipe"]
    source = "table" if "table" in declared["data"] else "images"
    declared["data"][source] = str(data)
    _merge(declared, recipe)
    path = folder / example
    with path.open("w", encoding="utf-8") as out:
        yaml.dump(text, out)
    return path


def _merge(into: dict[str, Any], parts: dict[str, Any]) -> None:
    for name, value in parts.items():
        if value is None:
            into.pop(name, None)
        elif isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


def some_stamps(folder: Path, of_a_class: int) -> Path:
    """Copy the first pictures of each class."""
    source = SAMPLES / "stamps"
    for label in sorted(path for path in source.iterdir() if path.is_dir()):
        pictures = sorted(path for path in label.rglob("*") if path.is_file())[:of_a_class]
        for picture in pictures:
            target = folder / "stamps" / picture.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(picture, target)
    return folder / "stamps"


def some_rows(folder: Path, table: str, rows: int) -> Path:
    """Copy the header and the first rows of a table."""
    lines = (SAMPLES / table).read_text(encoding="utf-8").splitlines(keepends=True)
    path = folder / Path(table).name
    path.write_text("".join(lines[: rows + 1]), encoding="utf-8")
    return path


def some_fashion(folder: Path, train: int, test: int) -> Path:
    """Cut the four IDX files of Fashion-MNIST."""
    target = folder / "fashion-mnist"
    target.mkdir()
    for prefix, rows in (("train", train), ("t10k", test)):
        for kind, header in (("images-idx3", 16), ("labels-idx1", 8)):
            name = f"{prefix}-{kind}-ubyte.gz"
            content = gzip.decompress((SAMPLES / "fashion-mnist" / name).read_bytes())
            size = 28 * 28 if header == 16 else 1
            cut = content[:4] + struct.pack(">I", rows) + content[8 : header + rows * size]
            (target / name).write_bytes(gzip.compress(cut, mtime=0))
    return target
