"""Featurizers: from pixels to one vector an image by a pretrained network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from farandole.api.errors import DocumentError, Problem
from farandole.api.features import Weights
from farandole.api.identity import digest_of
from farandole.networks.catalogue import pretrained
from farandole.networks.weights_files import LITE0, LITE0_SHA256, Read, declared_sha256

if TYPE_CHECKING:
    import keras

    from farandole.networks.inference import Infer

BATCH = 4  # images of one call: on two cores 4 calls of 4 at once were the fastest by a little


@dataclass(frozen=True)
class FeaturizerSpec:
    """What is known of a featurizer without TensorFlow.

    Images of `height` x `width` x `channels` become `width_out` numbers each; `digest` names
    network, layer and weights, and is the same for the same features.
    """

    name: str
    layer: str
    height: int
    width: int
    channels: int
    width_out: int
    digest: str


@dataclass(frozen=True)
class Featurizer(FeaturizerSpec):
    """A frozen network: uint8 pixels [n, height, width, channels] to float32 [n, width_out]."""

    model: keras.Model

    def features(self, pixels: NDArray[np.uint8], batch: int = BATCH) -> NDArray[np.float32]:
        """Compute the features [n, width_out] of `pixels` [n, height, width, channels].

        `batch` images at a time, the last ones filled up: a picture has the same bits whatever
        company it is computed in.
        """
        infer, found = self._infer, np.empty((len(pixels), self.width_out), np.float32)
        for start in range(0, len(pixels), batch):
            part = pixels[start : start + batch]
            found[start : start + batch] = infer(_filled(part, batch))[: len(part)]
        return found

    @cached_property
    def _infer(self) -> Infer:
        from farandole.networks.inference import inference

        return inference(self.model)


def _filled(pixels: NDArray[np.uint8], batch: int) -> NDArray[np.uint8]:
    """Return a batch of full size: other sizes may be computed by other kernels."""
    if len(pixels) == batch:
        return pixels
    filled = np.zeros((batch, *pixels.shape[1:]), np.uint8)
    filled[: len(pixels)] = pixels
    return filled


def featurizer_spec(
    name: str, layer: str, weights: Weights, read: Read | None = None
) -> FeaturizerSpec:
    """Describe a featurizer without loading it.

    `read` gives a local path for the uri of a weights file; needed only for one without sha256.
    Errors: DocumentError for an unknown network or layer.
    """
    network = pretrained(name)
    if layer != "pooled":
        problem = Problem("spec.recipe.features.layer", f'"{layer}"', "pooled")
        raise DocumentError("model", (problem,))
    parts: dict[str, Any] = {
        "network": name,
        "layer": layer,
        "weights": _weights_name(name, weights, read),
    }
    return FeaturizerSpec(
        name, layer, network.size, network.size, 3, network.width, digest_of(parts)
    )


def featurizer(name: str, layer: str, weights: Weights, read: Read) -> Featurizer:
    """Build a featurizer with its weights.

    Errors: DocumentError for an unknown network, DataError for weights that cannot be had.
    """
    spec = featurizer_spec(name, layer, weights, read)
    from farandole.networks.frozen import frozen_network

    model = frozen_network(name, weights, read)
    return Featurizer(**vars(spec), model=model)


def _weights_name(name: str, weights: Weights, read: Read | None) -> dict[str, Any]:
    if weights.random is not None:
        return {"random": weights.random.seed}
    if weights.file is not None:
        return {"sha256": declared_sha256(weights.file, read)}
    return {"sha256": LITE0_SHA256} if name == LITE0 else {"imagenet": name}
