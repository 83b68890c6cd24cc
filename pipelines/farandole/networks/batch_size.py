"""How many images a call of a featurizer should hold: measured, and never seen in the features."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from farandole.networks.pretrained import BATCH, Featurizer

PROCESSOR = (BATCH, 8, 16, 32)
ACCELERATOR = (64, 128, 256)
NOISE_SEED = 7
AT_ONCE = 128 * 224 * 224  # pixels in the network at once: beyond it memory goes, and speed too


def sizes_alike(featurizer: Featurizer, accelerator: bool, calls: int) -> tuple[int, ...]:
    """Return the sizes that give the same bits as the first, which is the one to take unmeasured.

    With `calls` calls at once, others than the first are left out where they need much memory.

    Kernels are chosen by the shape of a batch and add in an order of their own (ConvNeXtTiny's
    dense layers do at 4 and at 8 images); pictures of noise show whether it is the same order.
    """
    first, *more = ACCELERATOR if accelerator else PROCESSOR
    room = AT_ONCE // (featurizer.height * featurizer.width)
    others = [size for size in more if accelerator or size * calls <= room]
    shape = (max([first, *others]), featurizer.height, featurizer.width, featurizer.channels)
    noise = np.random.default_rng(NOISE_SEED).integers(0, 256, shape, np.uint8)
    expected = featurizer.features(noise, first)
    alike = [size for size in others if np.array_equal(featurizer.features(noise, size), expected)]
    return (first, *alike)


def standard_size(accelerator: bool) -> int:
    """Return the size to take where there are too few images to measure."""
    return (ACCELERATOR if accelerator else PROCESSOR)[0]


def fastest(sizes: Sequence[int], rate: Callable[[int], float]) -> int:
    """Return the size with the highest `rate`, which computes some images and says how fast."""
    rates = {size: rate(size) for size in sizes}
    return max(sizes, key=rates.__getitem__)
