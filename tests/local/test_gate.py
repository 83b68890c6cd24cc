"""The gate, on a document whose network cannot learn: it is refused with the numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.examples import document, farandole, some_rows

pytestmark = [pytest.mark.slow, pytest.mark.ring]

CONSTANT = """
import keras


def build(input_shape, outputs):
    inputs = keras.Input(input_shape)
    nothing = keras.layers.Rescaling(0.0)(inputs)
    return keras.Model(inputs, keras.layers.Dense(outputs)(nothing))
"""


def test_a_constant_network_is_refused_with_the_numbers_each_time(tmp_path: Path) -> None:
    (tmp_path / "still.py").write_text(CONSTANT, encoding="utf-8")
    path = document(
        tmp_path,
        "04-table-classification.yaml",
        some_rows(tmp_path, "breast-cancer/breast-cancer.csv", 569),
        network={"builder": "still:build", "layers": None},
        training={"epochs": 2},
        evaluation={"metric": "balancedAccuracy"},
    )
    first, again = (
        farandole("run", path, "--state", tmp_path / "state", "--json") for _ in range(2)
    )
    assert (first.code, again.code) == (3, 3), first.err + first.out
    told = first.answer()
    assert told["verdict"] == "ConstantPredictor"
    assert told["value"] == pytest.approx(0.5, abs=0.05)  # each fold has a constant of its own
    assert told["alias"] is None
    assert "the model says" in told["sentence"]
    assert told["baselines"]["linear"] > 0.9
