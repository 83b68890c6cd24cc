"""A network learns the same from pixels that were stored and from pictures decoded as it goes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from farandole.api import Model
from farandole.api.progress import SILENT
from farandole.data.arrays import describe_arrays, seal_arrays, write_arrays
from farandole.data.decode import decode
from farandole.data.pictures import Pictures
from farandole.data.prepare import Prepared, open_prepared
from farandole.data.store import Store, open_store
from farandole.steps import featurize, prepare, tune
from farandole.steps.fitting.fit import fit_rows
from farandole.steps.fitting.learning import Assignment
from farandole.steps.place import Place
from farandole.steps.rows.arrays import common_arrays
from farandole.steps.rows.dataset import Dataset, joined, open_dataset
from farandole.steps.rows.representation import STORED, Pixels
from tests.support.data_pictures import class_folders

NETWORK = {
    "image": {"height": 12, "width": 10},
    "augment": {"flip": True},
    "layers": [
        {"conv2d": {"filters": 4, "kernel": 3}},
        {"globalAveragePooling": {}},
    ],
}


def parameters(folder: Path, network: Any) -> featurize.Parameters:
    declared = {
        "task": {"kind": "ImageClassification"},
        "data": {"images": "images", "split": {"seed": 5}},
        "network": network,
        "training": {"globalBatch": 16, "lanes": 4, "epochs": 2},
    }
    document = {
        "apiVersion": "farandole.dev/v1alpha1",
        "kind": "Model",
        "metadata": {"name": "pictures"},
        "spec": {"recipe": declared},
    }
    text = Model.model_validate_json(json.dumps(document)).model_dump_json(by_alias=True)
    names = {"store": "store", "work": "work", "tracking": "mlflow", "folder": "."}
    place = Place(**{name: str(folder / path) for name, path in names.items()})
    prepared = prepare.run(prepare.Parameters(place=place, document=text), SILENT)
    return featurize.Parameters(place=place, document=text, prepared=prepared)


@pytest.fixture(scope="module", name="asked")
def _asked(tmp_path_factory: pytest.TempPathFactory) -> featurize.Parameters:
    folder = tmp_path_factory.mktemp("pixels")
    class_folders(folder / "images", {"cat": 40, "dog": 40})
    return parameters(folder, NETWORK)


def opened(asked: featurize.Parameters, stored: int) -> tuple[Store, Prepared, dict[str, Dataset]]:
    """Write the arrays as featurize does, with another limit, and open the splits."""
    recipe, store = asked.recipe(), open_store(asked.place.store)
    prepared = open_prepared(store, asked.prepared.prefix)
    assert recipe.network.image is not None
    pixels = Pixels(prepared, recipe.network.image, SILENT, stored=stored)
    prefix, splits = f"arrays/{stored}", ("train", "validation")
    for split in splits:
        common = common_arrays(prepared, recipe, split, store, SILENT)
        write_arrays(store, prefix, split, {"x": pixels.rows(split), **common})
    seal_arrays(store, prefix, pixels.description())
    found = {split: open_dataset(store, prefix, prepared, recipe, split) for split in splits}
    return store, prepared, found


def test_weights_are_bitwise_the_same_either_way(asked: featurize.Parameters) -> None:
    weights = []
    for stored in (STORED, 0):
        _, prepared, splits = opened(asked, stored)
        assert isinstance(splits["train"].x, Pictures) == (stored == 0)
        assignment = Assignment(asked.recipe(), prepared.manifest.classes, Path())
        fitted = fit_rows(assignment, splits["train"], splits["validation"])
        said = fitted.predict(splits["validation"]).values
        weights.append([*(np.asarray(each) for each in fitted.model.get_weights()), said])
    assert all(one.tobytes() == other.tobytes() for one, other in zip(*weights, strict=True))


def test_folds_take_and_join_rows_that_are_not_stored(asked: featurize.Parameters) -> None:
    both = [opened(asked, stored)[2] for stored in (STORED, 0)]
    array, lazy = (joined([each["train"], each["validation"]]) for each in both)
    index = np.array([0, len(array.rows) - 1, 3])
    assert lazy.take(index).x[0][0:3].tobytes() == array.take(index).x[0].tobytes()
    assert lazy.take(index).rows == array.take(index).rows


@pytest.fixture(scope="module", name="large")
def _large(tmp_path_factory: pytest.TempPathFactory) -> tune.Parameters:
    folder = tmp_path_factory.mktemp("large")
    class_folders(folder / "images", {"cat": 40, "dog": 40})
    asked = parameters(folder, {**NETWORK, "image": {"height": 4096, "width": 4096}})
    return tune.Parameters(**dict(asked), featurized=featurize.run(asked, SILENT))


def test_featurize_stores_no_pixels_beyond_the_limit(large: tune.Parameters) -> None:
    store, arrays = open_store(large.place.store), large.featurized.arrays
    assert (describe_arrays(store, arrays) or {})["stored"] is False
    assert sum(stat.size for stat in store.list(arrays)) < 10**6
    prepared = open_prepared(store, large.prepared.prefix)
    rows = open_dataset(store, arrays, prepared, large.recipe(), "train")
    assert rows.x.shape == (1, len(rows.rows), 4096, 4096, 3)
    pixels = rows.x[np.array([0]), np.array([2])]
    assert pixels.tobytes() == decode(prepared.content("train", 2), 4096, 4096)[None].tobytes()


PROBE = """
import sys
from pathlib import Path
import numpy as np
from farandole.data.pictures import pictures_of
from farandole.data.prepare import open_prepared
from farandole.data.shards import Shard
from farandole.data.store import open_store
from farandole.steps import tune
from farandole.steps.fitting.closing import close_test_rows
from farandole.steps.rows.dataset import open_dataset

parameters = tune.Parameters.model_validate_json(Path(sys.argv[1]).read_text())
opened = open_store(parameters.place.store)
closed = close_test_rows(opened, parameters)
prepared = open_prepared(closed, parameters.prepared.prefix)
arrays, recipe = parameters.featurized.arrays, parameters.recipe()
shard = prepared.manifest.splits["test"].shards[0]
ways = {
    split: lambda split=split: open_dataset(closed, arrays, prepared, recipe, split)
    for split in ("train", "validation", "test")
}
ways["pictures"] = lambda: pictures_of(prepared, "test", (4, 4, 3))
ways["shard"] = lambda: Shard(opened.local(shard.key), bytes(16))
for name, way in ways.items():
    try:
        print(name, way().x[np.array([0]), np.array([0])].shape)
    except Exception as error:
        print(name, type(error).__name__)
"""


def test_a_process_that_trains_decodes_no_test_row(large: tune.Parameters, tmp_path: Path) -> None:
    path = tmp_path / "parameters.json"
    path.write_text(large.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-c", PROBE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.splitlines() == [
        "train (1, 4096, 4096, 3)",
        "validation (1, 4096, 4096, 3)",
        "test Sealed",
        "pictures Sealed",
        "shard Sealed",
    ]
