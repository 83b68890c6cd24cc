"""Images that were read once: indexed, looked at, and ready to be planned and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from farandole.api.data import Data, Split
from farandole.api.progress import Progress
from farandole.data.duplicates import clusters
from farandole.data.gathered import Facts, digest_over
from farandole.data.index import Seen, decodable, index, refuse_two_labels
from farandole.data.perceptual import Impression
from farandole.data.plan import Plan
from farandole.data.readers import read_images
from farandole.data.readers.listing import normal
from farandole.data.row import Row
from farandole.data.sources import Source
from farandole.data.split import Mark, SplitName
from farandole.data.store import Store
from farandole.data.summaries import statistics
from farandole.data.writing import write_shards


@dataclass(frozen=True)
class GatheredImages:
    """Images of one source, with the look of each at its position."""

    facts: Facts
    source: Source
    looks: Sequence[Impression]

    def write(
        self, store: Store, folder: str, plan: Plan, split: SplitName, progress: Progress
    ) -> dict[str, Any]:
        """Write the shards of a split."""
        rows = plan.of(split)
        return {"shards": write_shards(store, folder, self.source, rows, plan.classes, progress)}

    def statistics(self, positions: Sequence[int]) -> dict[str, Any]:
        """Summarise sizes (pixels, bytes), mean colours (0..255) and labels."""
        rows = [self.facts.rows[position] for position in positions]
        colours = [self.looks[position].colour for position in positions]
        frame = pd.DataFrame(colours, columns=["red", "green", "blue"]).assign(
            width=[float(row.width) for row in rows],
            height=[float(row.height) for row in rows],
            bytes=[float(row.bytes) for row in rows],
        )
        kinds = dict.fromkeys(frame.columns, "numeric")
        summary = statistics(frame=frame, kinds=kinds, labels=[str(row.label) for row in rows])
        return summary | {"means": frame.mean().to_dict()}


def gather_images(data: Data, folder: Path, progress: Progress, workers: int) -> GatheredImages:
    """Read every image of `data` once.

    Raises DataError for a layout that cannot be meant, for more undecodable images than the limit,
    and for content under two labels, each with all the files it concerns.
    """
    listing = read_images(data, folder)
    seen = index(listing, data.limits.pixels, workers, progress)
    good, undecodable = decodable(seen, data.limits.undecodable)
    refuse_two_labels(good)
    looks = [one.look for one in good if one.look is not None]
    facts = Facts(
        kind="images",
        digest=digest_over(_identity(one, data.split) for one in seen),
        rows=[_row(one) for one in good],
        marks=[_mark(one) for one in good],
        twins=clusters([one.digest for one in good], looks, data.limits.near_duplicates),
        skipped=(*listing.skipped, *undecodable),
        ignored=listing.ignored,
        notices=listing.notices,
    )
    return GatheredImages(facts, listing.source, looks)


def _identity(one: Seen, split: Split) -> tuple[str | None, ...]:
    """Say what of an image the data digest covers; a split given by folders is in the path."""
    entry = one.entry
    by_column = split.given is not None and split.given.column is not None
    columns = (entry.group, entry.date, entry.given if by_column else None)
    return normal(entry.path), one.digest, entry.label, *(columns if any(columns) else ())


def _row(one: Seen) -> Row:
    return Row(
        digest=one.digest,
        path=one.entry.path,
        label=one.entry.label,
        cluster=one.digest,
        width=one.width,
        height=one.height,
        bytes=one.bytes,
    )


def _mark(one: Seen) -> Mark:
    entry = one.entry
    return Mark(entry.path, one.digest, entry.given, entry.group, entry.date)
