"""Featurizers: from pixels to one vector an image by a pretrained network."""

from __future__ import annotations

from dataclasses import dataclass
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
    """A frozen network: float32 pixels 0..255 [n, height, width, channels] to [n, width_out]."""

    model: keras.Model

    def features(self, pixels: NDArray[Any], batch: int = 32) -> NDArray[np.float32]:
        """Compute the features of `pixels` [n, height, width, channels], 0..255 of any type.

        `batch` images at a time; the result is float32 [n, width_out].
        """
        starts = range(0, len(pixels), batch)
        parts = [self._batch(pixels[start : start + batch]) for start in starts]
        return np.concatenate(parts) if parts else np.empty((0, self.width_out), np.float32)

    def _batch(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        return np.asarray(self.model.predict_on_batch(pixels.astype(np.float32)), np.float32)


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
