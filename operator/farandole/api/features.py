"""How rows become numbers before a network sees them."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Literal

from pydantic import Field

from farandole.api.data import Location
from farandole.api.errors import Problem
from farandole.api.forms import Sha256
from farandole.api.part import OneOf, Part, Seed

PRETRAINED: tuple[str, ...] = (
    "EfficientNetLite0",
    *("VGG16", "VGG19", "Xception", "InceptionV3", "InceptionResNetV2"),
    *("ResNet50", "ResNet101", "ResNet152", "ResNet50V2", "ResNet101V2", "ResNet152V2"),
    *("MobileNet", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large"),
    *("DenseNet121", "DenseNet169", "DenseNet201", "NASNetMobile", "NASNetLarge"),
    *(f"EfficientNetB{size}" for size in range(8)),
    *(f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "S", "M", "L")),
    *(f"ConvNeXt{size}" for size in ("Tiny", "Small", "Base", "Large", "XLarge")),
)
"""Names of the pretrained networks: EfficientNetLite0, and Keras applications by their names."""


class Imagenet(Part):
    """The published ImageNet weights."""


class RandomWeights(Part):
    """Fresh weights, for comparison."""

    seed: Seed = Field(7, description="Seed of the fresh weights.")


class WeightsFile(Part):
    """A weights file of one's own."""

    uri: Location = Field(description="File, or s3:// object, in Keras' .weights.h5 or .h5 form.")
    sha256: Sha256 | None = Field(
        None, description="Checksum of the file; with it the file may move without a new identity."
    )


class Weights(OneOf):
    """Which weights a pretrained network has."""

    imagenet: Imagenet | None = Field(None, description="The published ImageNet weights.")
    random: RandomWeights | None = Field(None, description="Fresh weights, for comparison.")
    file: WeightsFile | None = Field(None, description="A weights file of one's own.")


class Augment(Part):
    """Copies of train images that differ from the original; computed once, like features."""

    flip: bool = Field(False, description="Mirror every second copy left to right.")
    copies: int = Field(
        1, ge=1, le=32, description="Copies a train image has; an epoch sees one of them."
    )


class TableFeatures(Part):
    """How columns of a table are encoded; fitted on train rows only."""

    impute: Literal["median", "mean", "mostFrequent"] = Field(
        "median", description="What stands for a missing number."
    )
    standardise: bool = Field(True, description="Scale numbers to mean 0 and variance 1.")
    one_hot_up_to: int = Field(
        32,
        ge=1,
        le=1024,
        description="Most categories a column gets a slot for; the rest share one.",
    )


class Features(Part):
    """How rows become numbers: a pretrained network for images, an encoding for tables."""

    network: str | None = Field(
        None,
        max_length=64,
        description="Pretrained network whose output stands for an image: EfficientNetLite0, or a "
        "Keras application by its name, such as ResNet50.",
        json_schema_extra={"enum": list(PRETRAINED)},
    )
    layer: Literal["pooled"] = Field(
        "pooled", description="Output that is taken: the last feature map, averaged over space."
    )
    weights: Weights = Field(
        Weights(imagenet=Imagenet()), description="Weights of the pretrained network."
    )
    augment: Augment = Field(Augment(), description="Altered copies of the train images.")
    table: TableFeatures = Field(TableFeatures(), description="How a table's columns are encoded.")

    def problems(self) -> Iterator[Problem]:
        """Refuse a pretrained network that is not known."""
        if self.network is not None and self.network not in PRETRAINED:
            near = get_close_matches(self.network, PRETRAINED, n=1, cutoff=0.4)
            advice = f"did you mean {near[0]}?" if near else ""
            expected = f"one of {', '.join(PRETRAINED[:8])} and {len(PRETRAINED) - 8} more"
            yield Problem("network", f'"{self.network}"', expected, advice)
