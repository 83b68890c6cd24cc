"""Featurizing by several processes of this machine, where they pay for their start."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from farandole.api import Features
from farandole.launch import here
from farandole.steps.place import Place
from farandole.steps.rows.featurizing import compute_here
from farandole.steps.rows.items import Item

if TYPE_CHECKING:
    from farandole.steps.rows.pretrained_features import PretrainedFeatures

GPUS = "nvidia[0-9]*"  # in /dev; the threads of one process feed a GPU, and two would share it

SILENCE = 900.0  # seconds without a line of progress before ranks count as hung


class Request(BaseModel):
    """What each rank is asked for: what is missing of these features, its part of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    place: Place
    prepared: str
    features: Features


def featurize(wanted: PretrainedFeatures, items: Sequence[Item]) -> None:
    """Compute `items`, all that is missing, in this process or by ranks.

    Raises RankError when a rank ends badly; what all of them kept until then stays.
    """
    ranks = ranks_that_pay(wanted.place.rank_count(), len(items), here.cores(), wanted.enough)
    if ranks > 1 and not any(Path("/dev").glob(GPUS)) and here.ring_available() is None:
        _by_ranks(wanted, ranks, len(items))
        return

    def report(finished: int) -> None:
        wanted.progress.update(str(wanted.features.network), finished, len(items), "images")

    compute_here(wanted, items, report)


def ranks_that_pay(asked: int, images: int, cores: int, enough: int) -> int:
    """Return how many processes compute `images` the soonest: one for fewer than `enough`."""
    return max(1, min(asked, cores)) if images >= enough else 1


def part_of(items: Sequence[Item], rank: int, ranks: int) -> list[Item]:
    """Return a rank's items: all copies of a picture, and the same ones whatever is there yet."""
    return [item for item in items if item.position % ranks == rank]


def _by_ranks(wanted: PretrainedFeatures, ranks: int, images: int) -> None:
    request = Request(
        place=wanted.place, prepared=wanted.prepared.prefix, features=wanted.features
    ).model_dump_json()
    name = hashlib.sha256(request.encode()).hexdigest()[:32]
    folder = wanted.place.work_folder(f"featurize-{name}")
    path = folder / "request.json"
    path.write_text(request, encoding="utf-8")
    wanted.progress.say(f"{images} images are featurized by {ranks} processes")
    try:
        here.ring(
            [sys.executable, "-m", "farandole.steps.featurize_rank", str(path)],
            ranks,
            folder,
            progress=wanted.progress.path,
            silence_seconds=SILENCE,
        )
    except here.RankError as error:
        raise _told(error, images - len(wanted.missing()), images) from error


def _told(error: here.RankError, kept: int, images: int) -> here.RankError:
    message = f"{error}\n{kept} of {images} images were kept; only the others are computed then"
    return here.RankError(message, error.record)
