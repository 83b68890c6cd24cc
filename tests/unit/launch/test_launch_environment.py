from typing import Any

import pytest

from farandole.api.errors import RingError
from farandole.launch.environment import rank_environment
from farandole.launch.meeting import Meeting, chosen


def made(**changes: Any) -> dict[str, str]:
    settings: dict[str, Any] = {
        "inherited": {"PATH": "/bin"},
        "given": {},
        "rank": 1,
        "ranks": 2,
        "meeting": Meeting("horovod", "4242"),
        "cores": 8,
        "silence_seconds": 300.0,
    } | changes
    return rank_environment(settings.pop("inherited"), settings.pop("given"), **settings)


def test_a_rank_is_told_its_place_and_to_stay_on_loopback() -> None:
    environment = made()
    assert environment["HOROVOD_RANK"] == environment["HOROVOD_LOCAL_RANK"] == "1"
    assert environment["HOROVOD_SIZE"] == "2"
    assert environment["HOROVOD_GLOO_RENDEZVOUS_ADDR"] == "127.0.0.1"
    assert environment["HOROVOD_GLOO_RENDEZVOUS_PORT"] == "4242"
    assert environment["HOROVOD_GLOO_IFACE"] == "lo"
    assert environment["PATH"] == "/bin"


def test_ranks_share_the_cores() -> None:
    assert made(cores=8)["TF_NUM_INTRAOP_THREADS"] == "4"
    assert made(cores=1)["OMP_NUM_THREADS"] == "1"


def test_what_a_person_set_wins_and_what_the_caller_gives_wins_over_that() -> None:
    person = {"HOROVOD_CYCLE_TIME": "7", "OMP_NUM_THREADS": "3"}
    environment = made(inherited=person, given={"OMP_NUM_THREADS": "5"})
    assert environment["HOROVOD_CYCLE_TIME"] == "7"
    assert environment["OMP_NUM_THREADS"] == "5"


def test_the_place_in_another_ring_is_forgotten() -> None:
    other = {"HOROVOD_SIZE": "8", "OMPI_COMM_WORLD_SIZE": "8", "OMPI_COMM_WORLD_RANK": "3"}
    assert made(inherited=other, given=other)["HOROVOD_SIZE"] == "2"
    alone = made(inherited=other, given=other, meeting=None, ranks=1, rank=0)
    assert not [name for name in alone if name.endswith(("_SIZE", "_RANK"))]


def test_a_stalled_ring_shuts_itself_down_after_the_allowed_silence() -> None:
    environment = made(silence_seconds=300.0)
    assert environment["HOROVOD_STALL_SHUTDOWN_TIME_SECONDS"] == "300"
    assert int(environment["HOROVOD_STALL_CHECK_TIME_SECONDS"]) <= 300
    assert int(environment["HOROVOD_GLOO_TIMEOUT_SECONDS"]) >= 120


def test_ranks_that_share_memory_are_told_where_they_meet_and_nothing_of_a_rendezvous() -> None:
    environment = made(
        meeting=Meeting("memory", "/run/ring"), inherited={"FARANDOLE_RING_ADDR": "x"}
    )
    assert environment["FARANDOLE_RING_ADDR"] == "/run/ring"
    assert environment["HOROVOD_RANK"] == "1"
    assert not [name for name in environment if "RENDEZVOUS" in name]
    assert "FARANDOLE_RING_ADDR" not in made(meeting=None, inherited=environment)


def test_a_person_chooses_the_way_that_ranks_add_up() -> None:
    assert chosen(None, {"FARANDOLE_RING": "horovod"}) == "horovod"
    assert chosen("memory", {"FARANDOLE_RING": "horovod"}) == "memory"
    with pytest.raises(RingError, match="expected memory or horovod, received 'mpi'"):
        chosen(None, {"FARANDOLE_RING": "mpi"})
