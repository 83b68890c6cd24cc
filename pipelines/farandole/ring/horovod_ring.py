"""The ring over Horovod; the only module that imports it, beside the rendezvous."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf
from horovod import tensorflow as hvd
from numpy.typing import NDArray

from farandole.api.errors import RingError
from farandole.ring.collective import Arrays, Tensor
from farandole.ring.heartbeat import Heartbeat

BREAKS = (tf.errors.UnknownError, tf.errors.AbortedError, tf.errors.FailedPreconditionError)


class HorovodRing:
    """Ranks that `launch`, `horovodrun` or `mpirun` started; each sees one GPU, if any."""

    def __init__(self, heart: Heartbeat) -> None:
        self._heart = heart
        hvd.init()
        self.rank: int = hvd.rank()
        self.size: int = hvd.size()
        _see_one_gpu(hvd.local_rank())

    def sum(self, tensor: Tensor) -> Tensor:
        """Return the sum over ranks; each call is a collective of its own, never an average."""
        with _naming(self.rank):
            return hvd.allreduce(tensor, op=hvd.Sum)

    def broadcast(self, arrays: Sequence[NDArray[Any]], root: int = 0) -> Arrays:
        """Send all arrays as one buffer of bytes: one negotiation, not one an array."""
        packed = np.frombuffer(b"".join(array.tobytes() for array in arrays), np.uint8)
        with _naming(self.rank):
            received = hvd.broadcast(packed, root, name="farandole_broadcast").numpy()
        sizes = [array.nbytes for array in arrays]
        pieces = np.split(received, np.cumsum(sizes)[:-1]) if arrays else []
        return [
            piece.view(array.dtype).reshape(array.shape)
            for piece, array in zip(pieces, arrays, strict=True)
        ]

    def gather(self, value: object) -> list[Any]:
        """Exchange pickles: the other side is this same program on another rank."""
        packed = np.frombuffer(pickle.dumps(value), np.uint8)
        with _naming(self.rank):
            sizes = hvd.allgather(np.array([packed.size]), name="farandole_sizes").numpy()
            joined = hvd.allgather(packed, name="farandole_values").numpy()
        pieces = np.split(joined, np.cumsum(sizes)[:-1])
        return [pickle.loads(piece.tobytes()) for piece in pieces]

    def barrier(self) -> None:
        """Wait until every rank is here."""
        with _naming(self.rank):
            hvd.allreduce(np.zeros(1, np.float32), op=hvd.Sum, name="farandole_barrier")

    def beat(self, step: int) -> None:
        """Say that this rank moves."""
        self._heart.beat(step)


@contextmanager
def _naming(rank: int) -> Iterator[None]:
    """Turn Horovod's error of a broken ring into one that says where it was seen."""
    try:
        yield
    except BREAKS as error:
        first = str(error).strip().splitlines()[0][:300]
        raise RingError(
            f"rank {rank}: the ring broke, because another rank stopped or hung ({first})"
        ) from error


def _see_one_gpu(local_rank: int) -> None:
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        mine = gpus[local_rank % len(gpus)]
        tf.config.set_visible_devices(mine, "GPU")
        tf.config.experimental.set_memory_growth(mine, True)
