"""The files a person names, as raw rows for a model: pictures in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from farandole.api.errors import DataError
from farandole.api.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

BATCH = 64
PICTURES = (
    *(".avif", ".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".pbm"),
    *(".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"),
)


def pictures(inputs: Sequence[Path], progress: Progress) -> Iterator[pd.DataFrame]:
    """Read picture files in batches: column `image`, indexed by path.

    A folder stands for all pictures below it, by the ending of their names; what else is in it is
    counted and told. A file that is named itself is read whatever it is called.
    """
    import pandas as pd

    files = _files(inputs, progress)
    for start in range(0, len(files), BATCH):
        batch = files[start : start + BATCH]
        yield pd.DataFrame(
            {"image": pd.Series([file.read_bytes() for file in batch], dtype=object)}
        ).set_index(pd.Index([str(file) for file in batch]))
        progress.update("predict", start + len(batch), len(files), "images")


def _files(inputs: Sequence[Path], progress: Progress) -> list[Path]:
    all_there(inputs)
    files: list[Path] = []
    others: list[Path] = []
    for path in inputs:
        for file in [path] if path.is_file() else _below(path):
            named = file == path or file.suffix.lower() in PICTURES
            (files if named else others).append(file)
    if others:
        progress.say(f"{len(others)} files are not named as pictures, left out: {others[0]}, ...")
    if not files:
        raise DataError(f"expected pictures, received none in {', '.join(map(str, inputs))}")
    return files


def _below(folder: Path) -> list[Path]:
    """List the files below a folder, hidden ones left out, in an order that is always the same."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(folder).parts)
    )


def all_there(inputs: Sequence[Path]) -> None:
    """Refuse inputs of which any is not there, naming all of those."""
    missing = [str(path) for path in inputs if not path.exists()]
    if missing:
        raise DataError(f"expected files or folders, received none at {', '.join(missing)}")
