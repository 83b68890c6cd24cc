"""Prepares data: reads every row once, plans the splits, and writes what training reads.

Layout: `data/<data digest>/<scheme>/` holds `<split>/` folders and, last, `manifest.json`; the
scheme is what of the document decides how the same rows are split and read. `data/known/` maps the
fingerprint of a source to what was prepared of it, so that data that did not change is not read.
"""

from __future__ import annotations

from pathlib import Path

from farandole.api.data import Data
from farandole.api.identity import RESULTS, digest_of
from farandole.api.progress import SILENT, Progress
from farandole.data.fingerprint import fingerprint
from farandole.data.gathered import Gathered
from farandole.data.gathered_images import gather_images
from farandole.data.gathered_table import gather_table
from farandole.data.manifest import Manifest, SplitManifest
from farandole.data.plan import Plan, plan
from farandole.data.prepared import MANIFEST, Prepared, open_prepared
from farandole.data.split import SPLITS, SplitName
from farandole.data.store import Store
from farandole.data.writing import write_manifest, write_rows

__all__ = ["Prepared", "fingerprint", "open_prepared", "prepare"]

LOCATIONS = {"images", "labels", "table"}


def prepare(
    data: Data,
    task_kind: str,
    folder: Path,
    store: Store,
    progress: Progress = SILENT,
    workers: int = 1,
) -> Prepared:
    """Prepare the rows of `data` unless that is done, and open what was prepared.

    `folder` is what the document's paths are relative to. Equal rows and settings give equal bytes,
    wherever the rows lie. A preparation that stops half-way leaves no manifest and is written anew.
    Raises DataError with all that is wrong with the data, StoreFull when the disk is.
    """
    scheme = _scheme(data, task_kind)
    known = f"data/known/{digest_of([fingerprint(data, folder), scheme])}"
    if (found := _known(store, known)) is not None:
        return found
    gathered = _gather(data, task_kind, folder, progress, workers)
    prefix = f"data/{gathered.facts.digest}/{scheme}"
    if not store.exists(f"{prefix}/{MANIFEST}"):
        _write(gathered, data, task_kind, store, prefix, progress)
    store.put(known, prefix.encode())
    return open_prepared(store, prefix)


def _scheme(data: Data, task_kind: str) -> str:
    """Digest what decides how rows become splits, which is all but where they lie."""
    settings = data.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=LOCATIONS)
    return digest_of({"data": settings, "task": task_kind, "results": RESULTS})[:16]


def _known(store: Store, key: str) -> Prepared | None:
    """Open what was prepared of this very listing of files, if it is still there."""
    if not store.exists(key):
        return None
    prefix = store.get(key).decode()
    return open_prepared(store, prefix) if store.exists(f"{prefix}/{MANIFEST}") else None


def _gather(data: Data, task_kind: str, folder: Path, progress: Progress, workers: int) -> Gathered:
    if task_kind == "ImageClassification":
        return gather_images(data, folder, progress, workers)
    return gather_table(data, folder, task_kind)


def _write(
    gathered: Gathered, data: Data, task_kind: str, store: Store, prefix: str, progress: Progress
) -> None:
    facts = gathered.facts
    classified = task_kind.endswith("Classification")
    made = plan(facts.rows, facts.marks, facts.twins, data.split, classified=classified)
    splits = {
        name: _split(gathered, made, store, f"{prefix}/{name}", name, progress) for name in SPLITS
    }
    manifest = Manifest(
        kind=facts.kind,
        data_digest=facts.digest,
        classes=made.classes,
        splits=splits,
        shares=made.shares,
        skipped=facts.skipped,
        ignored=dict(facts.ignored),
        duplicates=made.duplicates,
        statistics=gathered.statistics(made.splits["train"]),
        columns=dict(facts.columns),
        notices=facts.notices,
    )
    write_manifest(store, prefix, manifest)


def _split(
    gathered: Gathered, made: Plan, store: Store, folder: str, split: SplitName, progress: Progress
) -> SplitManifest:
    content = gathered.write(store, folder, made, split, progress)
    rows = made.of(split)
    key = write_rows(store, folder, rows)
    return SplitManifest(rows=len(rows), counts=made.counts(split), rows_key=key, **content)
