"""The processes of tune and train cannot open test rows, by any of the ways that lead there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from farandole.api import Model
from farandole.api.progress import SILENT
from farandole.data.store import open_store
from farandole.steps import featurize, prepare, tune
from farandole.steps.place import Place

DOCUMENT = {
    "apiVersion": "farandole.dev/v1alpha1",
    "kind": "Model",
    "metadata": {"name": "closed"},
    "spec": {
        "recipe": {
            "task": {"kind": "TabularClassification"},
            "data": {"table": "rows.csv", "target": {"column": "y"}},
        }
    },
}

PROBE = """
import os, sys
from pathlib import Path
from farandole.data.store import open_store
from farandole.steps import tune
from farandole.steps.fitting.closing import close_test_rows

parameters = tune.Parameters.model_validate_json(Path(sys.argv[1]).read_text())
open_store_ = open_store(parameters.place.store)
closed = close_test_rows(open_store_, parameters)
for way in sys.argv[2:]:
    for opened in (
        lambda: closed.get(way) if not way.startswith("/") else None,
        lambda: open(Path(open_store_.uri.removeprefix("file://")) / way, "rb"),
        lambda: os.open(Path(open_store_.uri.removeprefix("file://")) / way, os.O_RDONLY),
    ):
        try:
            if opened() is not None:
                print("OPENED", way)
        except Exception as error:
            print(type(error).__name__, way)
"""


@pytest.fixture(scope="module")
def parameters(tmp_path_factory: pytest.TempPathFactory) -> tune.Parameters:
    folder = tmp_path_factory.mktemp("closed")
    chance = np.random.default_rng(0)
    x = chance.normal(size=(400, 3))
    frame = pd.DataFrame(x, columns=["a", "b", "c"]).round(4)
    frame["y"] = np.where(x[:, 0] + 0.1 * x[:, 1] > 0, "yes", "no")
    frame.to_csv(folder / "rows.csv", index=False)
    document = Model.model_validate_json(json.dumps(DOCUMENT)).model_dump_json(by_alias=True)
    place = Place(
        store=str(folder / "store"),
        work=str(folder / "work"),
        tracking=str(folder / "mlflow"),
        folder=str(folder),
    )
    prepared = prepare.run(prepare.Parameters(place=place, document=document), SILENT)
    inputs = featurize.Parameters(place=place, document=document, prepared=prepared)
    featurized = featurize.run(inputs, SILENT)
    return tune.Parameters(place=place, document=document, prepared=prepared, featurized=featurized)


def test_no_file_that_holds_a_test_row_can_be_opened(
    parameters: tune.Parameters, tmp_path: Path
) -> None:
    store = open_store(parameters.place.store)
    ways = [stat.key for stat in store.list("") if "/test/" in stat.key]
    source = str(Path(parameters.place.folder) / "rows.csv")
    assert len(ways) >= 4  # rows and table of the split, and x, y of its arrays
    said = probe(parameters, tmp_path, [*ways, source])
    assert "OPENED" not in said
    assert all(way in said for way in [*ways, source])


def test_train_and_validation_rows_stay_open(parameters: tune.Parameters, tmp_path: Path) -> None:
    store = open_store(parameters.place.store)
    ways = [stat.key for stat in store.list("arrays") if "/test/" not in stat.key]
    said = probe(parameters, tmp_path, ways)
    assert said.count("OPENED") == 3 * len(ways)


def probe(parameters: tune.Parameters, folder: Path, ways: list[str]) -> str:
    path = folder / "parameters.json"
    path.write_text(parameters.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-c", PROBE, str(path), *ways]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout
