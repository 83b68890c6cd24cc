"""The pretrained networks by name, and what is known of them without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum

from farandole.api.errors import DocumentError, Problem


class Preprocessing(Enum):
    """How pixels 0..255 are brought to what a network was trained on."""

    INSIDE = "the network does it itself"
    MINUS_ONE_TO_ONE = "x / 127.5 - 1"
    STANDARDISED = "(x / 255 - ImageNet mean) / ImageNet spread, a channel"
    BLUE_FIRST = "channels turned to blue, green, red; minus the ImageNet mean of each"


@dataclass(frozen=True)
class Pretrained:
    """One pretrained network: pixels a side, features an image, preprocessing."""

    size: int
    width: int
    preprocessing: Preprocessing


_INSIDE = Preprocessing.INSIDE
_ONE = Preprocessing.MINUS_ONE_TO_ONE
_STANDARDISED = Preprocessing.STANDARDISED
_BLUE = Preprocessing.BLUE_FIRST

# Read off keras.applications 3.15 by building each one; a test holds several of them to Keras.
CATALOGUE: Mapping[str, Pretrained] = {
    "EfficientNetLite0": Pretrained(224, 1280, _INSIDE),
    "VGG16": Pretrained(224, 512, _BLUE),
    "VGG19": Pretrained(224, 512, _BLUE),
    "Xception": Pretrained(299, 2048, _ONE),
    "InceptionV3": Pretrained(299, 2048, _ONE),
    "InceptionResNetV2": Pretrained(299, 1536, _ONE),
    "ResNet50": Pretrained(224, 2048, _BLUE),
    "ResNet101": Pretrained(224, 2048, _BLUE),
    "ResNet152": Pretrained(224, 2048, _BLUE),
    "ResNet50V2": Pretrained(224, 2048, _ONE),
    "ResNet101V2": Pretrained(224, 2048, _ONE),
    "ResNet152V2": Pretrained(224, 2048, _ONE),
    "MobileNet": Pretrained(224, 1024, _ONE),
    "MobileNetV2": Pretrained(224, 1280, _ONE),
    "MobileNetV3Small": Pretrained(224, 576, _INSIDE),
    "MobileNetV3Large": Pretrained(224, 960, _INSIDE),
    "DenseNet121": Pretrained(224, 1024, _STANDARDISED),
    "DenseNet169": Pretrained(224, 1664, _STANDARDISED),
    "DenseNet201": Pretrained(224, 1920, _STANDARDISED),
    "NASNetMobile": Pretrained(224, 1056, _ONE),
    "NASNetLarge": Pretrained(331, 4032, _ONE),
    "EfficientNetB0": Pretrained(224, 1280, _INSIDE),
    "EfficientNetB1": Pretrained(240, 1280, _INSIDE),
    "EfficientNetB2": Pretrained(260, 1408, _INSIDE),
    "EfficientNetB3": Pretrained(300, 1536, _INSIDE),
    "EfficientNetB4": Pretrained(380, 1792, _INSIDE),
    "EfficientNetB5": Pretrained(456, 2048, _INSIDE),
    "EfficientNetB6": Pretrained(528, 2304, _INSIDE),
    "EfficientNetB7": Pretrained(600, 2560, _INSIDE),
    "EfficientNetV2B0": Pretrained(224, 1280, _INSIDE),
    "EfficientNetV2B1": Pretrained(240, 1280, _INSIDE),
    "EfficientNetV2B2": Pretrained(260, 1408, _INSIDE),
    "EfficientNetV2B3": Pretrained(300, 1536, _INSIDE),
    "EfficientNetV2S": Pretrained(384, 1280, _INSIDE),
    "EfficientNetV2M": Pretrained(480, 1280, _INSIDE),
    "EfficientNetV2L": Pretrained(480, 1280, _INSIDE),
    "ConvNeXtTiny": Pretrained(224, 768, _INSIDE),
    "ConvNeXtSmall": Pretrained(224, 768, _INSIDE),
    "ConvNeXtBase": Pretrained(224, 1024, _INSIDE),
    "ConvNeXtLarge": Pretrained(224, 1536, _INSIDE),
    "ConvNeXtXLarge": Pretrained(224, 2048, _INSIDE),
}


def pretrained(name: str) -> Pretrained:
    """Look a pretrained network up; DocumentError with the nearest names for an unknown one."""
    if name in CATALOGUE:
        return CATALOGUE[name]
    lower = {known.lower(): known for known in CATALOGUE}
    near = [lower[match] for match in get_close_matches(name.lower(), lower, n=3, cutoff=0.4)]
    advice = f"the nearest are {', '.join(near)}" if near else ""
    expected = "the name of a pretrained network"
    problem = Problem("spec.recipe.features.network", f'"{name}"', expected, advice)
    raise DocumentError("model", (problem,))
