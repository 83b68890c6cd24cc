"""Lineage: which rows, code and libraries a version comes from, and which versions saw a row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from farandole.api.errors import DataError
from farandole.registry.tracking import Tracker, Version

LINEAGE = "artifacts/lineage.json"
ROWS = "artifacts/rows.parquet"

PARTS: Mapping[str, tuple[str, ...]] = {
    "network": ("train",),
    "encoder": ("train",),
    "stopping": ("validation",),
    "threshold": ("validation",),
}
"""Which splits each fitted part has seen, unless a run says otherwise."""


class SplitRows(BaseModel):
    """The rows of one split: content digests and where they lay, in the same order."""

    model_config = ConfigDict(frozen=True)

    digests: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if len(self.digests) != len(self.paths):
            raise ValueError(f"{len(self.digests)} digests, but {len(self.paths)} paths")
        return self


class Lineage(BaseModel):
    """Everything that led to a version: what was asked, on which rows, with which code."""

    model_config = ConfigDict(frozen=True)

    identity: str
    data_digest: str
    document: Mapping[str, Any] = Field(description="the Model document as it was read")
    git_commit: str | None = Field(default=None, description="of the document's folder")
    versions: Mapping[str, str] = Field(default_factory=dict, description="library -> version")
    parts: Mapping[str, tuple[str, ...]] = Field(
        default_factory=lambda: dict(PARTS), description="fitted part -> splits it has seen"
    )
    rows: Mapping[str, SplitRows] = Field(default_factory=dict, description="split -> rows")

    def seen(self) -> frozenset[str]:
        """Digests of all rows that any fitted part has seen."""
        splits = {split for seen in self.parts.values() for split in seen}
        return frozenset(
            digest for split in splits & set(self.rows) for digest in self.rows[split].digests
        )

    def tags(self) -> dict[str, str]:
        """The short part of it, as tags of a run and of a version."""
        tags = {"farandole.data_digest": self.data_digest}
        if self.git_commit:
            tags |= {
                "farandole.git_commit": self.git_commit,
                "mlflow.source.git.commit": self.git_commit,
            }
        return tags | {f"farandole.library.{name}": v for name, v in sorted(self.versions.items())}


class Sighting(BaseModel):
    """A version that has a row in one of its splits."""

    model_config = ConfigDict(frozen=True)

    name: str
    number: int
    identity: str
    aliases: tuple[str, ...]
    split: str
    path: str
    digest: str
    seen_by: tuple[str, ...] = Field(description="fitted parts that saw the row; none for test")


def write(lineage: Lineage, folder: Path) -> tuple[Path, Path]:
    """Write a lineage into `folder`: JSON without the rows, and the rows as Parquet."""
    import pandas as pd

    text = json.dumps(lineage.model_dump(exclude={"rows"}), sort_keys=True, ensure_ascii=False)
    about, rows = folder / Path(LINEAGE).name, folder / Path(ROWS).name
    about.write_text(text, encoding="utf-8")
    table = [
        (split, digest, path)
        for split, held in sorted(lineage.rows.items())
        for digest, path in zip(held.digests, held.paths, strict=True)
    ]
    pd.DataFrame(table, columns=["split", "digest", "path"], dtype=str).to_parquet(rows)
    return about, rows


def read(tracker: Tracker, version: Version) -> Lineage:
    """Read the whole lineage of a version."""
    import pandas as pd

    about = json.loads(tracker.fetch(version, LINEAGE).read_text(encoding="utf-8"))
    table = pd.read_parquet(tracker.fetch(version, ROWS))
    rows = {
        str(split): SplitRows(digests=tuple(held["digest"]), paths=tuple(held["path"]))
        for split, held in table.groupby("split")
    }
    return Lineage(**about, rows=rows)


def sightings(tracker: Tracker, row: str, folder: Path | None = None) -> Sequence[Sighting]:
    """List the versions that hold a row: a digest, a file, or the path it had in the data.

    `folder` is where a relative file is looked for. A digest may be cut to 8 characters or more.
    Raises DataError when no version has ever had such a row.
    """
    file = Path(row) if folder is None else folder / row
    wanted = sha256(file.read_bytes()).hexdigest() if file.is_file() else row
    found = [
        each for version in tracker.versions() for each in _in_version(tracker, version, wanted)
    ]
    if not found:
        raise DataError(
            f"{row}: expected a file, a row digest or a path of a registered version's data, "
            "received one that no version has; farandole runs lists what was registered"
        )
    return found


def _in_version(tracker: Tracker, version: Version, wanted: str) -> Iterator[Sighting]:
    import pandas as pd

    table = pd.read_parquet(tracker.fetch(version, ROWS))
    same = table["path"] == wanted
    if len(wanted) >= 8:
        same |= table["digest"].str.startswith(wanted)
    if not same.any():
        return
    parts = json.loads(tracker.fetch(version, LINEAGE).read_text(encoding="utf-8"))["parts"]
    for split, digest, path in table[same].itertuples(index=False):
        yield Sighting(
            name=version.name,
            number=version.number,
            identity=version.identity,
            aliases=version.aliases,
            split=split,
            path=path,
            digest=digest,
            seen_by=tuple(sorted(part for part, splits in parts.items() if split in splits)),
        )
