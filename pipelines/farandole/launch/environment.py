"""The environment of one rank: its place in the ring, its threads, and Horovod's settings."""

from __future__ import annotations

from collections.abc import Mapping

from farandole.launch.meeting import Meeting

_PLACED = ("HOROVOD_", "OMPI_COMM_WORLD_", "PMI_", "FARANDOLE_RING_")


def rank_environment(
    inherited: Mapping[str, str],
    given: Mapping[str, str],
    *,
    rank: int,
    ranks: int,
    meeting: Meeting | None,
    cores: int,
    silence_seconds: float,
) -> dict[str, str]:
    """Return the environment of `rank`, which meets the others at `meeting`; None: it is alone.

    What a person set wins over what we would choose, and never over the rank's place.
    """
    wished = {**inherited, **given}
    kept = {name: value for name, value in wished.items() if not _is_place(name)}
    place = {} if meeting is None else meeting.environment(rank, ranks)
    return {**_threads(cores // ranks), **_tuning(silence_seconds), **kept, **place}


def _is_place(name: str) -> bool:
    return name.startswith(_PLACED) and name.endswith(("RANK", "SIZE", "ADDR", "PORT", "HOSTNAME"))


def _threads(share: int) -> dict[str, str]:
    """Give each rank its share of the cores: ranks that each take all of them slow each other."""
    threads = str(max(1, share))
    return {
        "OMP_NUM_THREADS": threads,
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": "2",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONUNBUFFERED": "1",
    }


def _tuning(silence_seconds: float) -> dict[str, str]:
    """Horovod's settings.

    No fusion: a step sends one buffer anyway, and fusing it with another would let timing decide
    the order of additions. The stall check ends a ring in which one rank never joins (it is off by
    default), and the timeout leaves slow machines time to import TensorFlow.
    """
    seconds = str(max(1, round(silence_seconds)))
    return {
        "HOROVOD_CYCLE_TIME": "1",
        "HOROVOD_FUSION_THRESHOLD": "0",
        "HOROVOD_STALL_CHECK_TIME_SECONDS": str(max(1, round(silence_seconds / 2))),
        "HOROVOD_STALL_SHUTDOWN_TIME_SECONDS": seconds,
        "HOROVOD_GLOO_TIMEOUT_SECONDS": str(max(120, round(silence_seconds))),
        "FARANDOLE_RING_PATIENCE": str(max(120, round(silence_seconds))),
    }
