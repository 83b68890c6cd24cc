"""Where in a network a layer stands: what its name, its first weights and its draws derive from."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import keras

from farandole.networks.lane_context import LaneContext

POLICIES = {
    "float32": "float32",
    "mixedBfloat16": "mixed_bfloat16",
    "mixedFloat16": "mixed_float16",
}


@dataclass(frozen=True)
class Site:
    """The place of one layer: its number (from 0), the lanes, the seed, the precision.

    `bias` False: what follows takes a constant a channel away, so the layer adds none.
    """

    index: int
    context: LaneContext
    seed: int
    precision: str
    bias: bool = True

    def settings(self, kind: str) -> dict[str, Any]:
        """Give the settings of every Keras layer: a name, and the numbers to compute in."""
        policy = keras.DTypePolicy(POLICIES[self.precision])
        return {"name": f"layer_{self.index}_{kind}", "dtype": policy}

    def glorot(self, part: str = "kernel") -> keras.initializers.Initializer:
        """Give the first values of a kernel: uniform by Glorot and Bengio 2010, from the seed."""
        return keras.initializers.GlorotUniform(seed=self.first_seed(part))

    def first_seed(self, part: str) -> int:
        """Give a seed of its own to each part of each layer."""
        digest = sha256(f"{self.seed}/{self.index}/{part}".encode()).digest()
        return int.from_bytes(digest[:4], "big") >> 1
