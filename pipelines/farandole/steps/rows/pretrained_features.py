"""Features of a pretrained network, kept by row digest: growth computes only new rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from farandole.api import Augment, Features, Recipe, Weights
from farandole.api.progress import Progress
from farandole.data.augment import augmented
from farandole.data.feature_cache import FeatureCache
from farandole.data.prepare import Prepared
from farandole.data.store import Store
from farandole.networks.pretrained import Featurizer, FeaturizerSpec, featurizer, featurizer_spec
from farandole.steps.place import Place
from farandole.steps.rows.arrays import decoded
from farandole.steps.rows.weights import weights_reader

SEGMENT = 128  # rows written to the cache at a time: what a kill may cost


@dataclass
class PretrainedFeatures:
    """Float32 features [copies, rows, width] of one network at one layer."""

    prepared: Prepared
    features: Features
    store: Store
    place: Place
    progress: Progress
    computed: int = 0

    @classmethod
    def of(
        cls, recipe: Recipe, prepared: Prepared, store: Store, place: Place, progress: Progress
    ) -> PretrainedFeatures:
        """Return the features that the recipe declares."""
        return cls(prepared, recipe.features, store, place, progress)

    def rows(self, split: str) -> NDArray[Any]:
        """Return the features of one split; only train rows have augmented copies."""
        digests = [row.digest for row in self.prepared.rows(split)]
        copies = self._augment.copies if split == "train" else 1
        keys = [[self._key(digest, copy) for digest in digests] for copy in range(copies)]
        for copy in range(copies):
            self._compute(split, copy, digests, keys[copy])
        return np.stack([self._cache.gather(copy) for copy in keys])

    def description(self) -> dict[str, Any]:
        """Return the network and the size that it looks at."""
        spec = self._spec
        return {
            "kind": "features",
            "inputShape": [spec.width_out],
            "height": spec.height,
            "width": spec.width,
            "channels": spec.channels,
            "featurizer": spec.digest,
        }

    def _compute(self, split: str, copy: int, digests: Sequence[str], keys: Sequence[str]) -> None:
        missing = set(self._cache.missing(keys))
        positions = [position for position, key in enumerate(keys) if key in missing]
        phase = f"{split}: {self.features.network}" + (f", copy {copy}" if copy else "")
        pictures = decoded(self.prepared, split, positions, self._spec.height, self._spec.width)
        done = 0
        for segment in _segments(positions, SEGMENT):
            batch = [
                augmented(next(pictures), digests[position], copy, self._augment.flip)
                for position in segment
            ]
            self._cache.append(
                [keys[position] for position in segment], self._network.features(np.stack(batch))
            )
            done += len(segment)
            self.progress.update(phase, done, len(positions), "images")
        self.computed += done

    def _key(self, digest: str, copy: int) -> str:
        return f"{digest}/{copy}{'-flip' if self._augment.flip and copy else ''}"

    def _named(self) -> tuple[str, str, Weights]:
        return str(self.features.network), self.features.layer, self.features.weights

    @property
    def _augment(self) -> Augment:
        return self.features.augment

    @cached_property
    def _spec(self) -> FeaturizerSpec:
        return featurizer_spec(*self._named(), weights_reader(self.place))

    @cached_property
    def _network(self) -> Featurizer:
        return featurizer(*self._named(), weights_reader(self.place))

    @cached_property
    def _cache(self) -> FeatureCache:
        return FeatureCache(self.store, self._spec.digest, (self._spec.width_out,), "float32")


def _segments(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
