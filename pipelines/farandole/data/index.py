"""The map over images: each is read once, digested, decoded and looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from hashlib import sha256

from farandole.api.errors import DataError
from farandole.api.progress import Progress
from farandole.data.decode import Undecodable, picture
from farandole.data.itemised import itemised
from farandole.data.perceptual import Impression, impression
from farandole.data.readers import Entry, Listing
from farandole.data.skipped import Skipped
from farandole.data.sources import Source
from farandole.data.workers import each


@dataclass(frozen=True, slots=True)
class Seen:
    """One image that was read: sha256 and size of its content, and what it looks like.

    `look` is None where the content cannot be decoded, for the `reason`. Width and height are
    those of the upright picture, in pixels.
    """

    entry: Entry
    digest: str
    bytes: int
    width: int = 0
    height: int = 0
    look: Impression | None = None
    reason: str = ""


def index(listing: Listing, pixels: int, workers: int, progress: Progress) -> list[Seen]:
    """Read every image of a listing, in its order, by up to `workers` processes."""
    work = partial(look_at, listing.source, pixels)
    seen: list[Seen] = []
    total = len(listing.entries)
    for one in each(work, listing.entries, workers):
        seen.append(one)
        progress.update("index", len(seen), total, "images")
    return seen


def look_at(source: Source, pixels: int, entry: Entry) -> Seen:
    """Read one image; `pixels` is the most it may hold."""
    content = source.read(entry.path)
    digest = sha256(content).hexdigest()
    try:
        image = picture(content, pixels)
    except Undecodable as error:
        return Seen(entry, digest, len(content), reason=error.reason)
    width, height = image.size
    return Seen(entry, digest, len(content), width, height, impression(image))


def decodable(seen: list[Seen], limit: float) -> tuple[list[Seen], tuple[Skipped, ...]]:
    """Part the images that can be used from those that cannot.

    Raises DataError that lists the latter when their share is above `limit`.
    """
    good = [one for one in seen if one.look is not None]
    skipped = tuple(
        Skipped(path=one.entry.path, reason=one.reason) for one in seen if one.look is None
    )
    if len(skipped) > limit * len(seen):
        lines = (f"{each.path}: {each.reason}" for each in skipped)
        raise DataError(
            f"{len(skipped)} of {len(seen)} images cannot be used, more than the share of {limit:g}"
            f" that data.limits.undecodable accepts:\n{itemised(lines)}\n"
            "Mend or remove these files, or raise the limit to skip them."
        )
    return good, skipped


def refuse_two_labels(seen: list[Seen]) -> None:
    """Raise DataError that lists images whose equal content stands under two labels."""
    first: dict[str, Entry] = {}
    doubled = [
        f"{before.path} ({before.label}) is the same file as {one.entry.path} ({one.entry.label})"
        for one in seen
        if (before := first.setdefault(one.digest, one.entry)).label != one.entry.label
    ]
    if doubled:
        raise DataError(
            f"expected one class for every image, found {len(doubled)} in two:\n"
            f"{itemised(doubled)}\nRemove each from the class it does not belong to."
        )
