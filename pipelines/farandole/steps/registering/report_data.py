"""The data's part of the report: splits, samples, what was left out, and how it drifted."""

from __future__ import annotations

from collections.abc import Iterator

from farandole.data.drift import ColumnDrift, DriftReport, FeatureDrift
from farandole.data.manifest import Manifest
from farandole.data.prepare import Prepared
from farandole.report.sections import (
    ColumnSummary,
    DataSummary,
    Drift,
    Fact,
    Sample,
    Shift,
    Skipped,
    SplitRows,
)
from farandole.steps.rows.pictures import picture_of

SAMPLES = 24
LEVELS = {"stable": "none", "shifted": "some", "far off": "much"}


def data_summary(prepared: Prepared) -> DataSummary:
    """Say what the data is, how it was split, and what was left out."""
    manifest = prepared.manifest
    left_out = (*manifest.skipped, *manifest.duplicates.excluded)
    return DataSummary(
        facts=tuple(_facts(manifest)),
        splits=tuple(
            SplitRows(
                name=name,
                rows=split.rows,
                asked=manifest.shares.asked.get(name),
                counts=split.counts,
            )
            for name, split in manifest.splits.items()
        ),
        samples=tuple(_samples(prepared)),
        columns=tuple(
            ColumnSummary(
                name=name,
                kind=column.kind,
                role=column.role,
                missing=column.missing,
                distinct=column.distinct,
                notice=column.notice,
            )
            for name, column in manifest.columns.items()
        )[:500],
        skipped=tuple(Skipped(path=each.path, reason=each.reason) for each in left_out[:200]),
        skipped_rows=len(left_out),
        ignored=manifest.ignored,
        notices=manifest.notices[:100],
    )


def drift_of(report: DriftReport | None) -> Drift | None:
    """Show how train rows moved since the champion was trained."""
    if report is None:
        return None
    sentence = " ".join(report.notices) or "The train rows look like those of the champion."
    return Drift(sentence=sentence, shifts=tuple(_shifts(report))[:200])


def _shifts(report: DriftReport) -> Iterator[Shift]:
    for name, column in report.columns.items():
        yield _shift(name, "column", column)
    if report.classes is not None:
        yield _shift("classes", "class share", report.classes)
    if report.target is not None:
        yield _shift("target", "target", report.target)
    if report.features is not None:
        yield _moved(report.features)
    for name in report.appeared:
        yield Shift(name=name, kind="column", before="absent", now="new", level="much")
    for name in report.vanished:
        yield Shift(name=name, kind="column", before="there", now="gone", level="much")


def _shift(name: str, kind: str, drift: ColumnDrift) -> Shift:
    return Shift.model_validate(
        {
            "name": name,
            "kind": kind,
            "before": f"gone: {', '.join(drift.vanished)}" if drift.vanished else "",
            "now": f"new: {', '.join(drift.appeared)}" if drift.appeared else "",
            "measure": drift.psi,
            "level": LEVELS[drift.reading],
        }
    )


def _moved(drift: FeatureDrift) -> Shift:
    return Shift.model_validate(
        {
            "name": "features",
            "kind": "feature mean",
            "before": "",
            "now": f"moved by {drift.shift:.2f} standard deviations, one by {drift.largest:.2f}",
            "level": LEVELS[drift.reading],
        }
    )


def _facts(manifest: Manifest) -> Iterator[Fact]:
    rows = sum(split.rows for split in manifest.splits.values())
    yield Fact(name="rows", value=f"{rows:,}")
    if manifest.classes:
        yield Fact(name="classes", value=", ".join(manifest.classes[:20]))
    duplicates = manifest.duplicates
    yield Fact(name="exact duplicates", value=f"{duplicates.exact:,}")
    if manifest.kind == "images":
        yield Fact(name="near duplicates", value=f"{duplicates.near:,}")
        yield Fact(name="left out: they span splits", value=f"{len(duplicates.excluded):,}")


def _samples(prepared: Prepared) -> Iterator[Sample]:
    """Yield train pictures, classes in turn."""
    if prepared.manifest.kind != "images":
        return
    each = max(1, SAMPLES // len(prepared.manifest.classes))
    taken = dict.fromkeys(prepared.manifest.classes, 0)
    chosen: list[tuple[str, str, int]] = []
    for position, row in enumerate(prepared.rows("train")):
        if taken[str(row.label)] < each and len(chosen) < SAMPLES:
            taken[str(row.label)] += 1
            chosen.append((str(row.label), row.path, position))
    for label, path, position in sorted(chosen):
        yield Sample(image=picture_of(prepared, "train", position), label=label, path=path)
