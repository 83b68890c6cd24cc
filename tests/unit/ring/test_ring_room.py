import subprocess
import sys
from pathlib import Path

from farandole import ring
from farandole.ring.collective import SingleProcess
from farandole.ring.connect import connect
from farandole.ring.heartbeat import heartbeat

ROOMS = ("ring", "ring.connect", "ring.checkpoints", "ring.rendezvous", "launch", "launch.here")


def test_the_rooms_load_neither_tensorflow_nor_horovod() -> None:
    imports = "; ".join(f"import farandole.{room}" for room in ROOMS)
    asked = (
        f"import sys; {imports}; print(*{{'tensorflow', 'keras', 'horovod'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_all_that_the_room_offers_without_tensorflow_can_be_had() -> None:
    assert ring.SingleProcess is SingleProcess
    assert {"fit", "DistributedOptimizer", "Learner"} <= set(ring.__all__)


def test_a_program_started_alone_is_a_ring_of_one(tmp_path: Path) -> None:
    alone = connect({"PATH": "/bin", "FARANDOLE_HEARTBEAT": str(tmp_path / "beat")})
    assert (alone.rank, alone.size) == (0, 1)
    alone.beat(258)
    assert (tmp_path / "beat").read_bytes() == b"\x02\x01" + bytes(6) + b"\x01" + bytes(7)


def test_a_heart_that_never_beat_says_so(tmp_path: Path) -> None:
    heartbeat(tmp_path / "beat")
    assert (tmp_path / "beat").read_bytes() == b"\xff" * 8 + bytes(8)
