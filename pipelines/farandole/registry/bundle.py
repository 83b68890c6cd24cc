"""What a registered artifact is made of, checked before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from farandole.registry.lineage import Lineage

NEEDED = {"images": ("image", "decode"), "table": ("columns", "encoder", "encoding")}


class ImageSize(BaseModel):
    """What the network takes: pictures of this size, decoded from no more than `pixels`."""

    model_config = ConfigDict(frozen=True)

    height: int = Field(ge=1)
    width: int = Field(ge=1)
    channels: int = Field(default=3, ge=1, le=3)
    pixels: int = Field(default=100_000_000, ge=1, description="of the encoded picture, at most")


class Bundle(BaseModel):
    """Everything that goes into an artifact; what is one of a kind is checked here."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["images", "table"]
    task: str = Field(description="task kind of the document")
    metric: str = Field(description="the declared metric, which champions are compared on")
    network: Path = Field(description="SavedModel; serve(x) -> probabilities [n, k], values [n]")
    classes: tuple[str, ...] = Field(default=(), description="in label order; none: regression")
    threshold: float | None = Field(default=None, description="of the second of two classes")
    image: ImageSize | None = None
    decode: Path | None = Field(default=None, description="standalone module with `decode`")
    columns: tuple[str, ...] = Field(default=(), description="raw table columns, in order")
    encoder: Mapping[str, Any] | None = Field(default=None, description="the fitted Encoder's JSON")
    target: Mapping[str, Any] | None = Field(default=None, description="TargetTransform's JSON")
    encoding: Path | None = Field(default=None, description="standalone module of both")
    statistics: Mapping[str, Any] = Field(default_factory=dict, description="of the train rows")
    example: bytes | Mapping[str, Any] | None = Field(default=None, description="one raw input")
    lineage: Lineage

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = [name for name in NEEDED[self.kind] if not getattr(self, name)]
        if missing:
            raise ValueError(f"an artifact for {self.kind} needs {', '.join(missing)}")
        if len(self.classes) == 1 or len(set(self.classes)) < len(self.classes):
            raise ValueError(f"expected two or more different classes, received {self.classes}")
        if self.threshold is not None and len(self.classes) != 2:
            raise ValueError(f"a threshold needs two classes, received {len(self.classes)}")
        return self
