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

    HOROVOD_RANK: int = 0
    HOROVOD_SIZE: int = 1
    OMPI_COMM_WORLD_SIZE: int = 1
    FARANDOLE_HEARTBEAT: Path | None = None
    FARANDOLE_RING_ADDR: Path | None = None
    FARANDOLE_RING_PATIENCE: float = 600.0

    @property
    def ranks(self) -> int:
        """How many ranks the launcher started."""
        return max(self.HOROVOD_SIZE, self.OMPI_COMM_WORLD_SIZE)


def connect(environment: Mapping[str, str] | None = None) -> Collective:
    """Join the ring that the launcher set up; a program started alone is a ring of one.

    Ranks of one machine whose launcher gives them an address share memory; others use Horovod.
    Call it once, before anything is computed: it decides which GPU this process sees.
    """
    place = Place.model_validate(dict(os.environ if environment is None else environment))
    heart = heartbeat(place.FARANDOLE_HEARTBEAT)
    if place.ranks == 1:
        return SingleProcess(heart)
    if place.FARANDOLE_RING_ADDR is not None:
        from farandole.ring.host_ring import HostRing

        return HostRing(
            place.FARANDOLE_RING_ADDR,
            place.HOROVOD_RANK,
            place.ranks,
            heart,
            place.FARANDOLE_RING_PATIENCE,
        )
    from farandole.ring.horovod_ring import HorovodRing

    return HorovodRing(heart)
