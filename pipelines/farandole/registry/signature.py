"""What MLflow is told of the artifact's input and output: the columns, and one example."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from farandole.registry.bundle import Bundle


def signature(bundle: Bundle) -> Any:
    """Name the columns that go in and come out."""
    from mlflow.models import ModelSignature
    from mlflow.types.schema import AnyType, ColSpec, DataType, Schema

    # Of any type: MLflow refuses whole numbers for a double, and the encoder knows raw values best.
    inputs = [ColSpec(AnyType(), name) for name in bundle.columns]
    outputs = [ColSpec(DataType.double, f"probability_{name}") for name in bundle.classes]
    first = ("label", DataType.string) if bundle.classes else ("value", DataType.double)
    return ModelSignature(
        Schema(inputs or [ColSpec(DataType.binary, "image")]),
        Schema([ColSpec(first[1], first[0]), *outputs, ColSpec(DataType.string, "identity")]),
    )


def example(bundle: Bundle) -> Any:
    """Return one raw input as a DataFrame, None for a table without one; no prediction is run."""
    import pandas as pd

    if bundle.kind == "images":
        content = bundle.example if isinstance(bundle.example, bytes) else _grey_square()
        return pd.DataFrame({"image": [content]})
    if not isinstance(bundle.example, Mapping):
        return None
    return pd.DataFrame([dict(bundle.example)], columns=list(bundle.columns), dtype=object)


def _grey_square() -> bytes:
    from PIL import Image

    content = io.BytesIO()
    Image.new("RGB", (8, 8), (128, 128, 128)).save(content, "PNG")
    return content.getvalue()
