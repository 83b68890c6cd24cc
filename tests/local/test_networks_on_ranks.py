"""Declared networks trained by 1, 2 and 3 ranks come to the same weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from farandole.api import Network
from farandole.networks.declared import build
from farandole.networks.lane_context import LaneContext
from farandole.ring.collective import Collective
from farandole.ring.lanes import lanes_of
from farandole.ring.learner import Learner, Settings
from farandole.ring.threads import Threads
from farandole.ring.training import fit
from tests.support.ring_learning import CLASSES, distance, learner, rows

SETTINGS = Settings(global_batch=12, lanes=12, epochs=5, identity="declared")
IMAGE = {"height": 8, "width": 8, "channels": 3}
RELU: dict[str, Any] = {"activation": {"relu": {}}}
NORMALIZED: dict[str, Any] = {"batchNormalization": {}}
Layers = list[dict[str, Any]]

NETWORKS: dict[str, Layers] = {
    "conv2d": [{"conv2d": {"filters": 4}}, NORMALIZED, RELU, {"flatten": {}}],
    "separableConv2d": [{"separableConv2d": {"filters": 4}}, NORMALIZED, {"flatten": {}}],
    "pooled": [{"depthwiseConv2d": {}}, {"maxPooling": {}}, NORMALIZED, RELU, {"flatten": {}}],
    "dense": [
        {"flatten": {}},
        {"dense": {"units": 8}},
        NORMALIZED,
        RELU,
        {"dropout": {"rate": 0.2}},
    ],
}


def declared(layers: Layers, ring: Collective) -> Learner:
    """A declared network on small pictures, under Adam."""
    mine = lanes_of(ring.rank, ring.size, SETTINGS.lanes)
    context = LaneContext.create(len(mine), SETTINGS.seed, ring.sum)
    network = Network.model_validate({"layers": layers, "image": IMAGE})
    built = build(network, (8, 8, 3), CLASSES, context, SETTINGS.seed, "float32")
    return replace(learner(built.model, "adam"), context=context)


def trained(layers: Layers, ranks: int) -> Mapping[str, Any]:
    """The variables after 25 steps, by their paths."""
    pixels = np.random.default_rng(4).integers(0, 256, (1, 60, 8, 8, 3), dtype=np.uint8)
    train = replace(rows(60, copies=1), x=pixels)

    def program(ring: Collective) -> Mapping[str, Any]:
        made = declared(layers, ring)
        assert fit(made, train, None, SETTINGS, ring).steps == 25
        return {variable.path: variable.numpy() for variable in made.model.variables}

    return Threads(ranks).run(program)[0]


@pytest.mark.parametrize("layers", NETWORKS.values(), ids=NETWORKS)
def test_normalized_layers_come_to_the_same_weights_at_any_number_of_ranks(layers: Layers) -> None:
    alone = trained(layers, 1)
    for ranks in (2, 3):
        assert distance(trained(layers, ranks), alone) <= 1e-5
