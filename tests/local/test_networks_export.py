"""Exported networks load and answer where Farandole is not installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from farandole.api import Imagenet, Network, Weights
from farandole.networks.declared import build
from farandole.networks.export import export
from farandole.networks.pretrained import featurizer
from tests.support.networks_contexts import context_of

HEAD: list[dict[str, Any]] = [
    {"dense": {"units": 4, "activation": {"leakyRelu": {}}}},
    {"batchNormalization": {}},
    {"dropout": {"rate": 0.5}},
]
WHOLE: list[dict[str, Any]] = [
    {"conv2d": {"filters": 4}},
    {"batchNormalization": {}},
    {"flatten": {}},
    {"dropout": {"rate": 0.5}},
]
ELSEWHERE = """
import importlib.abc, json, sys
import numpy as np

class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == "farandole":
            raise ImportError("farandole is not installed here")

sys.meta_path.insert(0, Hidden())
import tensorflow as tf

for folder in sys.argv[1:]:
    loaded = tf.saved_model.load(folder)
    x = tf.constant(np.load(folder + ".npy"))
    served = [loaded.serve(x), loaded.signatures["serving_default"](x)["output_0"]]
    print(json.dumps([answer.numpy().tolist() for answer in [*served, loaded.serve(x[:1])]]))
"""


def trained(layers: list[dict[str, Any]], shape: tuple[int, ...], outputs: int) -> keras.Model:
    image = dict(zip(("height", "width", "channels"), shape, strict=True)) if shape[1:] else None
    network = Network.model_validate({"layers": layers, **({"image": image} if image else {})})
    model = build(network, shape, outputs, context_of(range(8)), 3, "float32").model
    scale = 4 if len(shape) == 1 else 256
    model(np.random.default_rng(1).uniform(0, scale, (8, *shape)).astype(np.float32), training=True)
    return model


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Any]]:
    folder = tmp_path_factory.mktemp("exported")
    body = featurizer("EfficientNetLite0", "pooled", Weights(imagenet=Imagenet()), Path).model
    cases = {
        "features": (None, trained(HEAD, (6,), 3), "probabilities"),
        "value": (None, trained(HEAD, (6,), 1), "value"),
        "pixels": (None, trained(WHOLE, (8, 8, 3), 3), "probabilities"),
        "body": (body, trained(HEAD, (1280,), 3), "probabilities"),
    }
    return [(folder / name, _export(folder / name, *case)) for name, case in cases.items()]


def _export(folder: Path, body: Any, head: Any, output: Any) -> Any:
    """Export, and give what the live networks answer."""
    export(folder, body, head, output)
    shape = (body or head).input_shape[1:]
    scale = 4 if len(shape) == 1 else 256
    x = np.random.default_rng(0).integers(0, scale, (5, *shape)).astype(np.float32)
    np.save(f"{folder}.npy", x)
    features = x if body is None else body(x, training=False)
    outputs = head(features, training=False)
    return np.asarray(tf.nn.softmax(outputs) if output == "probabilities" else outputs[:, 0])


def test_an_exported_network_answers_the_same_where_farandole_is_hidden(
    exported: list[tuple[Path, Any]],
) -> None:
    program = [sys.executable, "-c", ELSEWHERE, *(str(folder) for folder, _ in exported)]
    ran = subprocess.run(program, capture_output=True, text=True, check=True, cwd="/")
    for line, (folder, live) in zip(ran.stdout.splitlines(), exported, strict=True):
        served, signature, one = json.loads(line)
        np.testing.assert_allclose(served, live, atol=1e-6, err_msg=folder.name)
        np.testing.assert_allclose(signature, live, atol=1e-6, err_msg=folder.name)
        np.testing.assert_allclose(one, live[:1], atol=1e-5, err_msg=folder.name)


def test_training_layers_are_not_in_an_exported_graph(exported: list[tuple[Path, Any]]) -> None:
    for folder, _ in exported:
        loaded = tf.saved_model.load(str(folder))
        operations = {op.type for op in loaded.signatures["serving_default"].graph.get_operations()}
        assert not {name for name in operations if "Random" in name or "Bitwise" in name}
        assert "AssignVariableOp" not in operations
