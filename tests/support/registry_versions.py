"""Registered versions whose artifact has no network: for what is read without a prediction."""

from __future__ import annotations

import json
from pathlib import Path

from farandole.registry import lineage as lineages
from farandole.registry.lineage import Lineage, SplitRows
from farandole.registry.tracking import Tracker, Version
from tests.support.registry_trackers import OWNER, model_folder


def register(
    tracker: Tracker, place: Path, identity: str, name: str = "stamps", **splits: str
) -> Version:
    """Register a version whose splits hold one row for each letter of their string."""
    rows = {
        split: SplitRows(
            digests=tuple(letter * 64 for letter in letters),
            paths=tuple(f"{split}/{letter}.png" for letter in letters),
        )
        for split, letters in splits.items()
    }
    lineage = Lineage(identity=identity, data_digest="d" * 64, document={}, rows=rows)
    folder = model_folder(place, json.dumps({"task": "ImageClassification", "metric": "f1Macro"}))
    lineages.write(lineage, folder / "artifacts")
    (folder / "artifacts" / "statistics.json").write_text(json.dumps({"rows": 2}))
    return tracker.register(name, identity, folder, lineage.tags(), OWNER)
