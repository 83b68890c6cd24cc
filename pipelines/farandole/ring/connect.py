"""Joining the ring that a launcher set up."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from farandole.ring.collective import Collective, SingleProcess
from farandole.ring.heartbeat import heartbeat


class Place(BaseModel):
    """What the launcher tells a rank through its environment; read once, at the start."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    HOROVOD_SIZE: int = 1
    OMPI_COMM_WORLD_SIZE: int = 1
    FARANDOLE_HEARTBEAT: Path | None = None

    @property
    def ranks(self) -> int:
        """How many ranks the launcher started."""
        return max(self.HOROVOD_SIZE, self.OMPI_COMM_WORLD_SIZE)


def connect(environment: Mapping[str, str] | None = None) -> Collective:
    """Join the ring that the launcher set up; a program started alone is a ring of one.

    Call it once, before anything is computed: it decides which GPU this process sees.
    """
    place = Place.model_validate(dict(os.environ if environment is None else environment))
    heart = heartbeat(place.FARANDOLE_HEARTBEAT)
    if place.ranks == 1:
        return SingleProcess(heart)
    from farandole.ring.horovod_ring import HorovodRing

    return HorovodRing(heart)
