"""The pass over images whose features nobody has: decoded and computed by several threads.

A thread decodes a batch and hands it to the network; while one is in the network another decodes.
Rows are written where they belong in their segment, and kept in the cache every few seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from farandole.data.decode import resized
from farandole.data.feature_cache import FeatureCache
from farandole.data.prepare import Prepared
from farandole.launch.here import cores
from farandole.networks.batch_size import fastest, sizes_alike, standard_size
from farandole.networks.pretrained import Featurizer, featurizer
from farandole.steps.rows.arrays import RAW_SIZE, raw_cache
from farandole.steps.rows.items import Item, pictures, pixels_of
from farandole.steps.rows.weights import weights_reader

if TYPE_CHECKING:
    from farandole.steps.rows.pretrained_features import PretrainedFeatures

SEGMENT = 4096  # rows of a segment at most: what one index entry may hold
SEAL_SECONDS = 2.0  # what a kill may cost
AHEAD = 2  # batches under way beyond one a core: decoded while others are in the network
MEASURED = 4096  # images from which on the batch size is measured, on 256 images a size
TRIAL = 256


@dataclass(frozen=True)
class Featurizing:
    """What a pass reads, and where its rows go; `raw` takes the small pixels of first copies."""

    prepared: Prepared
    network: Featurizer
    features: FeatureCache
    raw: FeatureCache
    flip: bool
    threads: int

    def compute(self, items: Sequence[Item], batch: int, done: Callable[[int], None]) -> None:
        """Compute the features of `items`, whose keys differ, `batch` images at a time.

        Calls `done` with the number of images since the last call. Whatever ends this call but a
        kill, images that were reported are in the caches; a kill costs `SEAL_SECONDS` of them.
        """
        with ThreadPoolExecutor(self.threads, "farandole-featurize") as pool:
            for start in range(0, len(items), SEGMENT):
                self._segment(items[start : start + SEGMENT], batch, done, pool)

    def _segment(
        self, items: Sequence[Item], batch: int, done: Callable[[int], None], pool: Executor
    ) -> None:
        rows = Filling(self, items)
        spans = [slice(at, min(at + batch, len(items))) for at in range(0, len(items), batch)]
        try:
            for span in in_order(pool, lambda span: rows.fill(span, batch), spans, self.threads):
                rows.finished(span.stop)
                done(span.stop - span.start)
        finally:
            rows.seal()


class Filling:
    """A segment that threads fill, and that is kept as far as it is whole."""

    def __init__(self, work: Featurizing, items: Sequence[Item]) -> None:
        self._work = work
        self._items = items
        self._features = np.empty((len(items), work.network.width_out), np.float32)
        firsts = [item.key for item in items if item.copy == 0]
        self._without_raw = set(work.raw.missing(firsts))
        self._raw = np.empty((len(items), RAW_SIZE, RAW_SIZE, 3), np.uint8)
        self._kept = self._whole = 0
        self._since = monotonic()

    def fill(self, span: slice, batch: int) -> slice:
        """Compute the rows of one batch and write them in their place; safe for many threads."""
        network = self._work.network
        pixels = np.empty((span.stop - span.start, network.height, network.width, 3), np.uint8)
        prepared, flip = self._work.prepared, self._work.flip
        for at, (item, image) in enumerate(pictures(prepared, self._items[span])):
            pixels[at] = pixels_of(prepared, item, image, network.height, network.width, flip)
            if item.key in self._without_raw:
                self._raw[span.start + at] = resized(image, RAW_SIZE, RAW_SIZE)
        self._features[span] = network.features(pixels, batch)
        return span

    def finished(self, whole: int) -> None:
        """Take note that the rows below `whole` are filled, and keep them now and then."""
        self._whole = whole
        if monotonic() - self._since > SEAL_SECONDS:
            self.seal()

    def seal(self) -> None:
        """Keep all rows that are filled."""
        new = slice(self._kept, self._whole)
        keys = [item.key for item in self._items[new]]
        raw = [
            at for at in range(self._kept, self._whole) if self._items[at].key in self._without_raw
        ]
        self._work.raw.append([self._items[at].key for at in raw], self._raw[raw])
        self._work.features.append(keys, self._features[new])
        self._kept, self._since = self._whole, monotonic()


def compute_here(
    wanted: PretrainedFeatures, items: Sequence[Item], report: Callable[[int], None]
) -> None:
    """Compute images in this process, and `report` how many are finished.

    Where TensorFlow has not computed before, each of its calls gets one core for good: calls of
    several threads fill the cores better than one that is divided.
    """
    from farandole.networks import inference

    inference.one_core_a_call()
    accelerator, finished = inference.on_accelerator(), 0

    def done(images: int) -> None:
        nonlocal finished
        finished += images
        report(finished)

    work = work_of(wanted)
    first, batch = measured_batch(work, items, accelerator, done)
    work.compute(items[first:], batch, done)


def work_of(wanted: PretrainedFeatures) -> Featurizing:
    """Load the network, and say where its features go."""
    features = wanted.features
    network = featurizer(
        str(features.network), features.layer, features.weights, weights_reader(wanted.place)
    )
    network.features(np.empty((0, network.height, network.width, 3), np.uint8))  # traced once
    return Featurizing(
        wanted.prepared,
        network,
        wanted.cache,
        raw_cache(wanted.store),
        wanted.augment.flip,
        cores() + AHEAD,
    )


def measured_batch(
    work: Featurizing,
    items: Sequence[Item],
    accelerator: bool,
    done: Callable[[int], None],
    enough: int = MEASURED,
    trial: int = TRIAL,
) -> tuple[int, int]:
    """Compute `trial` first images in batches of each size; return their number, the best size.

    With fewer than `enough` images nothing is computed, and the size is the standard one.
    """
    if len(items) < enough:
        return 0, standard_size(accelerator)
    first = 0

    def rate(size: int) -> float:
        nonlocal first
        began = monotonic()
        work.compute(items[first : first + trial], size, done)
        first += trial
        return trial / (monotonic() - began)

    best = fastest(sizes_alike(work.network, accelerator, work.threads), rate)
    return first, best


def in_order(
    pool: Executor, work: Callable[[slice], slice], spans: Sequence[slice], threads: int
) -> Iterator[slice]:
    """Yield `work` of each span in their order, at most `AHEAD` of them begun beyond the threads.

    An error, or a consumer that stops, cancels those that have not begun.
    """
    waiting: deque[Future[slice]] = deque()
    try:
        for span in spans:
            waiting.append(pool.submit(work, span))
            if len(waiting) >= threads + AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
