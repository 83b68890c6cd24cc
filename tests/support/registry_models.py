"""Tiny models for the registry's tests: what each must answer can be said by hand."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

import farandole.data.decode
import farandole.data.encoder
from farandole.registry.bundle import Bundle, ImageSize
from farandole.registry.lineage import Lineage, SplitRows

ENCODER = Path(farandole.data.encoder.__file__)
DECODE = Path(farandole.data.decode.__file__)


def lineage(identity: str) -> Lineage:
    return Lineage(
        identity=identity,
        data_digest="d" * 64,
        document={"kind": "Model", "metadata": {"name": "stamps"}},
        git_commit="c" * 40,
        versions={"numpy": "2.4.6"},
        rows={
            split: SplitRows(digests=(f"{split}-digest",), paths=(f"{split}/1.png",))
            for split in ("train", "validation", "test")
        },
    )


def picture(red: int, green: int = 0, form: str = "PNG") -> bytes:
    """Encode one plain colour, 16 x 12 pixels."""
    content = io.BytesIO()
    Image.new("RGB", (16, 12), (red, green, 0)).save(content, form)
    return content.getvalue()


def probabilities(red: int, green: int) -> NDArray[np.float64]:
    """What the picture network answers: the softmax of the share of each colour."""
    shares = np.exp(np.array([red, green]) / 255)
    answer: NDArray[np.float64] = shares / shares.sum()
    return answer


def save_picture_network(folder: Path) -> Path:
    """Save serve(pixels [n, 8, 8, 3]) -> probabilities of (red, green)."""
    import tensorflow as tf

    class Colours(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
        @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 3], tf.float32)])  # type: ignore[untyped-decorator]  # the same
        def serve(self, pixels: Any) -> Any:
            return tf.nn.softmax(tf.reduce_mean(pixels, [1, 2])[:, :2] / 255.0)

    tf.saved_model.save(Colours(), str(folder))
    return folder


def fitted_encoder() -> dict[str, Any]:
    """Fit on an area (100 when missing), whether it is missing, and towns a, b, missing."""
    frame = pd.DataFrame({"area": [100.0, 100.0, None], "town": ["a", "b", None]})
    kinds = {"area": "numeric", "town": "categorical"}
    return farandole.data.encoder.Encoder.fit(frame, kinds, standardise=False).to_json()


def save_table_network(folder: Path) -> Path:
    """Save serve(encoded [n, 5]) -> log of the value: area / 100, + 1 in town a, + 2 in town b."""
    import tensorflow as tf

    class Prices(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
        @tf.function(input_signature=[tf.TensorSpec([None, 5], tf.float32)])  # type: ignore[untyped-decorator]  # the same
        def serve(self, encoded: Any) -> Any:
            return tf.linalg.matvec(encoded, [0.01, 0.0, 1.0, 2.0, 0.0])

    tf.saved_model.save(Prices(), str(folder))
    return folder


def picture_bundle(network: Path, identity: str = "1" * 64, **more: Any) -> Bundle:
    settings: dict[str, Any] = {
        "kind": "images",
        "task": "ImageClassification",
        "metric": "balancedAccuracy",
        "classes": ("red", "green"),
        "image": ImageSize(height=8, width=8),
        "decode": DECODE,
        "statistics": {"rows": 1},
        "lineage": lineage(identity),
    }
    return Bundle(network=network, **settings | more)


def table_bundle(network: Path, identity: str = "2" * 64, **more: Any) -> Bundle:
    settings: dict[str, Any] = {
        "kind": "table",
        "task": "TabularRegression",
        "metric": "rmse",
        "columns": ("area", "town"),
        "encoder": fitted_encoder(),
        "target": farandole.data.encoder.TargetTransform("log").to_json(),
        "encoding": ENCODER,
        "example": {"area": 120, "town": None},
        "lineage": lineage(identity),
    }
    return Bundle(network=network, **settings | more)
