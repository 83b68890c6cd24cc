"""Near-duplicate search: its time against comparing every pair, on synthetic pictures.

Run by `make bench ONLY=near_duplicates`. "Every pair" is extrapolated from 25,000 hashes by the
square; "confirmed" is the whole search, thumbnails compared. One picture in twenty is a copy of
another with two bits of its hash flipped and its thumbnail a little changed. The hashes are as
uneven as those of real pictures: a third of them differ from one pattern in a few bits only.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from farandole.data.duplicates import clusters
from farandole.data.hamming import close_pairs
from farandole.data.perceptual import Impression

SIZES = (25_000, 50_000, 100_000, 200_000)
EVERY_PAIR = 25_000  # pictures that every pair is compared of, to extrapolate by the square
DISTANCE = 4


def pictures(count: int, seed: int) -> list[Impression]:
    """Make up what `count` pictures look like, of which every twentieth is a copy."""
    draw = np.random.default_rng(seed)
    hashes = draw.integers(0, 2**64, count, np.uint64)
    alike = draw.random(count) < 1 / 3
    hashes[alike] = _bits(draw.random((int(alike.sum()), 64)) < 0.15)
    thumbnails = draw.integers(0, 246, (count, 256), np.uint8)
    copies = np.arange(20, count, 20)
    flips = np.argsort(draw.random((len(copies), 64)), axis=1) < 2
    hashes[copies] = hashes[copies - 1] ^ _bits(flips)
    thumbnails[copies] = thumbnails[copies - 1] + draw.integers(0, 4, (len(copies), 256), np.uint8)
    colour = (128.0, 128.0, 128.0)
    return [
        Impression(bits, thumbnail.tobytes(), colour)
        for bits, thumbnail in zip(hashes.tolist(), thumbnails, strict=True)
    ]


def hashes_of(looks: list[Impression]) -> NDArray[np.uint64]:
    """Return the hashes alone."""
    return np.array([look.bits for look in looks], np.uint64)


def every_pair(hashes: NDArray[np.uint64]) -> None:
    """Compare each hash with each: the peer."""
    for step in range(1, len(hashes)):
        np.flatnonzero(np.bitwise_count(hashes[:-step] ^ hashes[step:]) <= DISTANCE)


def search(hashes: NDArray[np.uint64]) -> None:
    """Search by bands of bits."""
    for _ in close_pairs(hashes, DISTANCE):
        pass


def seconds(work: Callable[[], None]) -> float:
    """Return the seconds that the work took."""
    start = perf_counter()
    work()
    return perf_counter() - start


def line(count: int) -> str:
    """Measure `count` pictures."""
    looks = pictures(count, seed=count)
    hashes = hashes_of(looks)
    searched = seconds(lambda: search(hashes))
    compared = seconds(lambda: every_pair(hashes[:EVERY_PAIR])) * (count / EVERY_PAIR) ** 2
    start = perf_counter()
    found = clusters([str(number) for number in range(count)], looks, DISTANCE)
    whole = perf_counter() - start
    return (
        f"{count:>8,} {searched:8.2f} s {compared:10.1f} s {compared / searched:7.0f}x"
        f" {whole:9.2f} s   {count - len(np.unique(found)):,} of {len(range(20, count, 20)):,}"
    )


def main() -> None:
    """Print one line a size."""
    print("pictures   by bands   every pair   ratio   confirmed   copies found")
    for count in SIZES:
        print(line(count), flush=True)


def _bits(rows: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Pack booleans [rows, 64] to hashes [rows]."""
    packed: NDArray[np.uint64] = np.packbits(rows, axis=1).view(np.uint64).ravel()
    return packed


if __name__ == "__main__":
    main()
