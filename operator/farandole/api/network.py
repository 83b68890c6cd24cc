"""The network that is trained: a head on features, or a whole network from pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from farandole.api.errors import Problem
from farandole.api.forms import Builder
from farandole.api.layers import Layer
from farandole.api.part import Part

Side = Annotated[int, Field(ge=1, le=4096)]


class ImageInput(Part):
    """The pixels that a whole network starts from."""

    height: Side = Field(description="Pixels from top to bottom, after resizing.")
    width: Side = Field(description="Pixels from left to right, after resizing.")
    channels: Literal[1, 3] = Field(3, description="1 for grey, 3 for red, green, blue.")


class PixelAugment(Part):
    """Changes of train images that are drawn anew every epoch."""

    flip: bool = Field(False, description="Mirror half of the images left to right.")


class Network(Part):
    """Layers before the output layer, which Farandole adds; left out: one linear layer."""

    image: ImageInput | None = Field(
        None, description="Train a whole network from pixels of this size."
    )
    layers: tuple[Layer, ...] = Field(
        (), max_length=256, strict=False, description="The layers, first to last."
    )
    builder: Builder | None = Field(
        None, description="Function of one's own that builds the network, as my_nets:build."
    )
    augment: PixelAugment = Field(
        PixelAugment(), description="Changes of the pixels, drawn anew every epoch."
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse two descriptions of one network, and augmentation without pixels."""
        if self.builder is not None and self.layers:
            yield Problem("", "both builder and layers", "at most one of layers, builder")
        if self.augment.flip and self.image is None:
            advice = "with pretrained features say features.augment"
            yield Problem("augment.flip", "true without image", "network.image beside it", advice)
