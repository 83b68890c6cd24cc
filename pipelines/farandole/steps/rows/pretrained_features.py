"""Features of a pretrained network, kept by row digest: growth computes only new rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from farandole.api import Augment, Features, Recipe
from farandole.api.progress import Progress
from farandole.data.arrays import scratch_array
from farandole.data.feature_cache import FeatureCache
from farandole.data.prepare import Prepared
from farandole.data.store import Store
from farandole.networks.pretrained import FeaturizerSpec, featurizer_spec
from farandole.steps.place import Place
from farandole.steps.rows.arrays import SPLITS
from farandole.steps.rows.items import Item
from farandole.steps.rows.weights import weights_reader

ENOUGH = 16384
"""Images from which on ranks are started. Measured on two cores: 290 images/s by two ranks that
keep to a core each, 265 by one process of four threads; and seconds more until the first."""


@dataclass
class PretrainedFeatures:
    """Float32 features [copies, rows, width] of one network at one layer."""

    prepared: Prepared
    features: Features
    store: Store
    place: Place
    progress: Progress
    computed: int = 0
    complete: bool = False
    enough: int = ENOUGH  # images from which on they are computed by ranks

    @classmethod
    def of(
        cls, recipe: Recipe, prepared: Prepared, store: Store, place: Place, progress: Progress
    ) -> PretrainedFeatures:
        """Return the features that the recipe declares."""
        return cls(prepared, recipe.features, store, place, progress)

    def rows(self, split: str) -> NDArray[Any]:
        """Return the features of one split; the first call computes what all splits lack."""
        self._complete()
        digests = [row.digest for row in self.prepared.rows(split)]
        copies = self._copies(split)
        found = scratch_array((copies, len(digests), self.spec.width_out), "float32")
        for copy in range(copies):
            self.cache.gather([self._key(digest, copy) for digest in digests], found[copy])
        return found

    def description(self) -> dict[str, Any]:
        """Return the network and the size that it looks at."""
        spec = self.spec
        return {
            "kind": "features",
            "inputShape": [spec.width_out],
            "height": spec.height,
            "width": spec.width,
            "channels": spec.channels,
            "featurizer": spec.digest,
        }

    def missing(self) -> list[Item]:
        """Return the images that nobody has computed, copies of a picture beside each other."""
        wanted = {item.key: item for split in SPLITS for item in self._items(split)}
        return [wanted[key] for key in self.cache.missing(wanted)]

    @cached_property
    def spec(self) -> FeaturizerSpec:
        """Return what is known of the network without loading it."""
        read = weights_reader(self.place)
        return featurizer_spec(
            str(self.features.network), self.features.layer, self.features.weights, read
        )

    @cached_property
    def cache(self) -> FeatureCache:
        """Return where the features are kept."""
        return FeatureCache(self.store, self.spec.digest, (self.spec.width_out,), "float32")

    @property
    def augment(self) -> Augment:
        """Return how copies differ from their pictures."""
        return self.features.augment

    def _complete(self) -> None:
        """Compute what is missing, once; TensorFlow is imported for nothing less."""
        items = [] if self.complete else self.missing()
        if items:
            from farandole.steps.rows.featurizing_ranks import featurize

            featurize(self, items)
        self.computed += len(items)
        self.complete = True

    def _items(self, split: str) -> list[Item]:
        """List the images of one split; only train rows have augmented copies."""
        return [
            Item(split, position, copy, self._key(row.digest, copy))
            for position, row in enumerate(self.prepared.rows(split))
            for copy in range(self._copies(split))
        ]

    def _copies(self, split: str) -> int:
        return self.augment.copies if split == "train" else 1

    def _key(self, digest: str, copy: int) -> str:
        return f"{digest}/{copy}{'-flip' if self.augment.flip and copy else ''}"
