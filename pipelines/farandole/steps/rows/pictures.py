"""Pictures of prepared rows, small enough for a page."""

from __future__ import annotations

from farandole.data.decode import decode
from farandole.data.prepare import Prepared
from farandole.report.thumbnails import SIDE, thumbnail
from farandole.steps.rows.arrays import ANY_SIZE


def picture_of(prepared: Prepared, split: str, position: int) -> str:
    """Return a picture as a thumbnail, its sides in their own proportion."""
    row = prepared.rows(split)[position]
    width, height = row.width or SIDE, row.height or SIDE
    factor = SIDE / max(width, height)
    sides = (max(1, round(height * factor)), max(1, round(width * factor)))
    return thumbnail(decode(prepared.content(split, position), *sides, pixels=ANY_SIZE))
