"""The registered model itself: encoded images or raw table columns in, named predictions out.

Stands alone on purpose: this very file is copied into every registered artifact and must load
where Farandole is not installed, from what lies beside it there and the artifact's requirements.
"""

import base64
import importlib.util
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import mlflow
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from numpy.typing import NDArray

BATCH = 32
"""Rows that go through the network at once: bounds memory, whatever a caller sends."""

SHOWN = 10
"""Bad rows that an error names; it counts the others."""


BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


class Unreadable(ValueError):  # noqa: N818  the name says what is so
    """One row is neither an image's bytes nor base64 text of them."""


class Predictor(mlflow.pyfunc.PythonModel):  # type: ignore[misc]  # MLflow has no types
    """Answers a DataFrame of raw rows with a DataFrame of predictions under the same index.

    In: `image` (encoded bytes, or base64 text) or the table's columns, whose values may be missing
    or never seen. Out: `label`, `probability_<class>` of every class and `identity`; for regression
    `value` and `identity`. Raises MlflowException (HTTP 400) naming all rows that cannot be read.
    """

    def load_context(self, context: Any) -> None:
        """Load the network and the standalone code that turns a row into its input."""
        import tensorflow as tf

        files = {name: Path(path) for name, path in context.artifacts.items()}
        self.bundle = json.loads(files["bundle"].read_text(encoding="utf-8"))
        self.network = tf.saved_model.load(str(files["network"]))
        self.inputs = self._images(files) if self.bundle["kind"] == "images" else self._rows(files)
        self.original = self._target(files)

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """Predict every row, or none: a row that cannot be read is an error that names it."""
        rows = _unfolded(model_input)
        outputs, problems = [], []
        for start in range(0, len(rows), BATCH):
            batch, wrong = self.inputs(rows.iloc[start : start + BATCH])
            problems += wrong
            if not problems:
                outputs.append(np.asarray(self.network.serve(batch), np.float64))
        _refuse(problems, len(rows))
        return self._named(outputs, rows.index)

    def _named(self, outputs: list[NDArray[np.float64]], index: "pd.Index[Any]") -> pd.DataFrame:
        classes = self.bundle["classes"]
        width = len(classes) or 1
        table = np.concatenate([np.zeros((0, width)), *(o.reshape(-1, width) for o in outputs)])
        if not classes:
            columns = {"value": self.original(table[:, 0])}
        else:
            columns = {"label": [classes[place] for place in self._decided(table)]}
            columns |= {f"probability_{name}": table[:, i] for i, name in enumerate(classes)}
        return pd.DataFrame({**columns, "identity": self.bundle["identity"]}, index=index)

    def _decided(self, probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
        threshold = self.bundle["threshold"]
        decided: NDArray[np.int64] = (
            np.argmax(probabilities, axis=1)
            if threshold is None
            else (probabilities[:, 1] >= threshold).astype(np.int64)
        )
        return decided

    def _images(self, files: dict[str, Path]) -> Callable[[pd.DataFrame], Any]:
        decode = _module(files["decode"]).decode

        def pixels(frame: pd.DataFrame) -> tuple[NDArray[np.float32], list[str]]:
            decoded, problems = [], []
            for row, content in frame["image"].items():
                try:
                    decoded.append(decode(_encoded(content), **self.bundle["image"]))
                except ValueError as error:
                    problems.append(f"row {row}: {error}")
            return np.asarray(decoded, np.float32), problems

        return pixels

    def _rows(self, files: dict[str, Path]) -> Callable[[pd.DataFrame], Any]:
        encoder = _module(files["encoder"]).Encoder.from_json(self.bundle["encoder"])

        def encoded(frame: pd.DataFrame) -> tuple[NDArray[np.float32], list[str]]:
            return encoder.transform(frame), []

        return encoded

    def _target(self, files: dict[str, Path]) -> Callable[[Any], Any]:
        if self.bundle["target"] is None:
            return lambda values: values
        inverse: Callable[[Any], Any] = (
            _module(files["encoder"]).TargetTransform.from_json(self.bundle["target"]).inverse
        )
        return inverse


def _unfolded(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows again, where MLflow made a body of `inputs` that holds only texts one row of lists."""
    if len(frame) == 1 and all(isinstance(cell, list) for cell in frame.iloc[0]):
        return pd.DataFrame(frame.iloc[0].to_dict())
    return frame


def _encoded(content: Any) -> bytes:
    """Bytes of an image that came as bytes, or as the base64 text that JSON and CSV carry.

    MLflow's server hands over the text itself, as bytes, when a body says `inputs` or `instances`.
    No image format is made of base64's letters alone.
    """
    if isinstance(content, str):
        content = "".join(content.split()).encode()
        if not BASE64.fullmatch(content):
            raise Unreadable("expected an image's bytes or their base64 text, received other text")
    elif not isinstance(content, bytes | bytearray | memoryview):
        kind = type(content).__name__
        raise Unreadable(f"expected an image's bytes or their base64 text, received {kind}")
    content = bytes(content)
    return base64.b64decode(content) if BASE64.fullmatch(content) else content


def _refuse(problems: list[str], rows: int) -> None:
    if problems:
        more = [f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
        message = f"{len(problems)} of {rows} rows cannot be read, none was predicted:"
        raise MlflowException(
            "\n  ".join([message, *problems[:SHOWN], *more]), error_code=INVALID_PARAMETER_VALUE
        )


def _module(path: Path) -> ModuleType:
    """Load a file under a name of its own: two artifacts in one process keep their own code."""
    name = f"farandole_{path.stem}_{uuid4().hex}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: expected a Python file in the artifact")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their own module up by name
    spec.loader.exec_module(module)
    return module


mlflow.models.set_model(Predictor())
