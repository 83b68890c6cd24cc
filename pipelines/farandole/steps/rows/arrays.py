"""The arrays that every kind of data has: targets, weights, and what the baselines look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from farandole.api import Recipe
from farandole.api.progress import Progress
from farandole.data.decode import decode
from farandole.data.encoder import TargetTransform
from farandole.data.feature_cache import FeatureCache
from farandole.data.manifest import Manifest
from farandole.data.prepare import Prepared
from farandole.data.store import Store

SPLITS = ("train", "validation", "test")
RAW_SIZE = 32  # the linear baseline of pictures looks at 32 x 32 raw pixels
DECODERS = 2
ANY_SIZE = 2**31 - 1  # pixels; prepare has refused what the document's limit forbids


def common_arrays(
    prepared: Prepared, recipe: Recipe, split: str, store: Store, progress: Progress
) -> dict[str, NDArray[Any]]:
    """Return `y`, `weight` and, for pictures, `raw` [rows, 32, 32, 3] and `measures` [rows, 3]."""
    rows = prepared.rows(split)
    arrays: dict[str, NDArray[Any]] = {
        "y": targets(prepared.manifest, recipe, [row.label for row in rows]),
        "weight": _weights(prepared, recipe, split),
    }
    if prepared.manifest.kind == "images":
        arrays["raw"] = _raw(prepared, split, store, progress)
        measures = [[row.width or 0, row.height or 0, row.bytes or 0] for row in rows]
        arrays["measures"] = np.asarray(measures, dtype=np.float64).reshape(len(rows), 3)
    return arrays


def targets(manifest: Manifest, recipe: Recipe, labels: Sequence[str | float]) -> NDArray[Any]:
    """Return class numbers in label order, or values after the declared transform."""
    if manifest.classes:
        order = {name: number for number, name in enumerate(manifest.classes)}
        return np.asarray([order[str(label)] for label in labels], dtype=np.int32)
    return target_transform(recipe).forward(np.asarray(labels, dtype=np.float64))


def target_transform(recipe: Recipe) -> TargetTransform:
    """Return the transform that the document declares for its target."""
    target = recipe.data.target
    log = (
        target is not None
        and target.transform is not None
        and target.transform.chosen()[0] == "log"
    )
    return TargetTransform("log" if log else "none")


def decoded(
    prepared: Prepared,
    split: str,
    positions: Sequence[int],
    height: int,
    width: int,
    channels: int = 3,
) -> Iterator[NDArray[np.uint8]]:
    """Decode the pictures at `positions` in order, several at a time."""

    def one(position: int) -> NDArray[np.uint8]:
        return decode(prepared.content(split, position), height, width, channels, ANY_SIZE)

    with ThreadPoolExecutor(DECODERS) as pool:
        for start in range(0, len(positions), 256):
            yield from pool.map(one, positions[start : start + 256])


def raw_cache(store: Store) -> FeatureCache:
    """Return where the small pixels of pictures are kept, by `digest/0`."""
    return FeatureCache(store, f"raw-pixels-{RAW_SIZE}", (RAW_SIZE, RAW_SIZE, 3), "uint8")


def _raw(prepared: Prepared, split: str, store: Store, progress: Progress) -> NDArray[np.uint8]:
    """Return small pixels; featurizing leaves them behind, other representations do not."""
    keys = [f"{row.digest}/0" for row in prepared.rows(split)]
    cache = raw_cache(store)
    missing = set(cache.missing(keys))
    positions = [position for position, key in enumerate(keys) if key in missing]
    found = np.empty((len(positions), RAW_SIZE, RAW_SIZE, 3), np.uint8)
    for done, pixels in enumerate(decoded(prepared, split, positions, RAW_SIZE, RAW_SIZE)):
        found[done] = pixels
        progress.update(f"{split}: raw pixels", done + 1, len(positions), "images")
    cache.append([keys[position] for position in positions], found)
    return cache.gather(keys)


def _weights(prepared: Prepared, recipe: Recipe, split: str) -> NDArray[np.float32]:
    column = recipe.data.weight
    if column is None or prepared.manifest.kind != "table":
        return np.ones(len(prepared.rows(split)), dtype=np.float32)
    weights: NDArray[np.float32] = prepared.table(split)[column].to_numpy(dtype=np.float32)
    return weights
