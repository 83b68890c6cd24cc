"""Finds close pairs among many 64-bit hashes without comparing every one with every other.

Multi-index hashing (Norouzi, Punjani and Fleet, 2012): two hashes at most d bits apart agree
wholly in one of d + 1 bands of bits, so only hashes that share a band are compared. Pictures'
hashes are not uniform, so a band that many share is searched again by the bits outside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]

BITS = 64
FEW = 1024  # hashes that are compared pair by pair sooner than searched by further bands


def close_pairs(hashes: Hashes, distance: int) -> Iterator[Positions]:
    """Yield positions [pairs, 2] of hashes [n] at most `distance` bits apart, a part at a time.

    Every such pair comes at least once, in either order.
    """
    everyone = np.arange(len(hashes), dtype=np.int64)
    yield from _search(hashes, everyone, range(BITS), distance)


def _search(
    hashes: Hashes, members: Positions, bits: Sequence[int], distance: int
) -> Iterator[Positions]:
    """Yield close pairs among members, which agree in all bits but `bits`."""
    bands = distance + 1
    if len(members) <= FEW or not _bands_divide(len(bits), bands):
        yield from _close(hashes, members, distance)
        return
    for band in range(bands):
        keys = hashes[members] & _mask(bits[band::bands])
        order = np.argsort(keys, kind="stable")
        ordered, sorted_keys = members[order], keys[order]
        many = _in_large_runs(sorted_keys)
        yield from _close_in_runs(hashes, ordered[~many], sorted_keys[~many], distance)
        rest = [bit for place, bit in enumerate(bits) if place % bands != band]
        for run in _runs(sorted_keys[many]):
            # Bands pay when they leave a part in which all pairs are far fewer.
            worth = (run.stop - run.start) ** 2 * bands < len(members) ** 2
            further = rest if worth else ()
            yield from _search(hashes, ordered[many][run], further, distance)


def _bands_divide(bits: int, bands: int) -> bool:
    """Say whether searching every band costs less than comparing all: few, wide bands do."""
    return 2 ** (bits / bands) > 2 * bands


def _close(hashes: Hashes, members: Positions, distance: int) -> Iterator[Positions]:
    """Yield close pairs among all members, comparing each with each."""
    values = hashes[members]
    for step in range(1, len(members)):
        near = np.flatnonzero(np.bitwise_count(values[:-step] ^ values[step:]) <= distance)
        if len(near):
            yield np.stack([members[near], members[near + step]], axis=1)


def _close_in_runs(
    hashes: Hashes, members: Positions, keys: Hashes, distance: int
) -> Iterator[Positions]:
    """Yield close pairs among members of equal key; members are sorted by key."""
    first = np.arange(len(members))
    step = 1
    while len(first):
        first = first[first < len(members) - step]
        first = first[keys[first] == keys[first + step]]
        one, other = members[first], members[first + step]
        near = np.bitwise_count(hashes[one] ^ hashes[other]) <= distance
        yield np.stack([one[near], other[near]], axis=1)
        step += 1


def _in_large_runs(keys: Hashes) -> NDArray[np.bool_]:
    starts = _starts(keys)
    lengths = np.diff(np.r_[starts, len(keys)])
    return np.repeat(lengths > FEW, lengths)


def _runs(keys: Hashes) -> Iterator[slice]:
    for start, end in pairwise([*_starts(keys).tolist(), len(keys)]):
        yield slice(start, end)


def _starts(keys: Hashes) -> Positions:
    """Return where each run of equal keys begins."""
    differs = np.ones(len(keys), np.bool_)
    differs[1:] = keys[1:] != keys[:-1]
    return np.flatnonzero(differs)


def _mask(bits: Sequence[int]) -> np.uint64:
    return np.uint64(sum(1 << bit for bit in bits))
