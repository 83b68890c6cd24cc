"""Features are computed once for each picture, whatever head or split comes after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from farandole.api import Model
from farandole.api.progress import SILENT
from farandole.data.arrays import open_array
from farandole.data.store import open_store
from farandole.steps import featurize, prepare
from farandole.steps.place import Place

CLASSES = ("bark", "leaf")


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    paint(tmp_path, range(12))
    return tmp_path


def paint(folder: Path, numbers: range) -> None:
    """Write one noisy picture a class and number, no two alike."""
    for label in CLASSES:
        (folder / "pictures" / label).mkdir(parents=True, exist_ok=True)
        for number in numbers:
            seed = 1000 * CLASSES.index(label) + number
            noise = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), np.uint8)
            picture = Image.fromarray(noise).resize((72, 72), Image.Resampling.NEAREST)
            picture.save(folder / "pictures" / label / f"{number}.png")


def featurized(folder: Path, **recipe: Any) -> featurize.Outputs:
    declared = {
        "task": {"kind": "ImageClassification"},
        "data": {"images": "pictures", "split": {"seed": 5}},
        "features": {"network": "EfficientNetLite0"},
        **recipe,
    }
    document = {
        "apiVersion": "farandole.dev/v1alpha1",
        "kind": "Model",
        "metadata": {"name": "pictures"},
        "spec": {"recipe": declared},
    }
    text = Model.model_validate_json(json.dumps(document)).model_dump_json(by_alias=True)
    place = Place(
        store=str(folder / "store"),
        work=str(folder / "work"),
        tracking=str(folder / "mlflow"),
        folder=str(folder),
    )
    prepared = prepare.run(prepare.Parameters(place=place, document=text), SILENT)
    return featurize.run(
        featurize.Parameters(place=place, document=text, prepared=prepared), SILENT
    )


def test_another_head_another_split_and_growth_compute_only_what_is_new(folder: Path) -> None:
    first = featurized(folder)
    assert first.computed == 24

    head = featurized(folder, network={"layers": [{"dense": {"units": 8}}]})
    assert (head.computed, head.arrays) == (0, first.arrays)

    split = featurized(folder, data={"images": "pictures", "split": {"seed": 6}})
    assert split.computed == 0
    assert split.arrays != first.arrays

    paint(folder, range(12, 14))
    assert featurized(folder).computed == 4


def test_only_train_rows_have_augmented_copies(folder: Path) -> None:
    augment = {"flip": True, "copies": 2}
    features = {"network": "EfficientNetLite0", "augment": augment}
    arrays = featurized(folder, features=features).arrays
    store = open_store(str(folder / "store"))
    train, test = (open_array(store, arrays, split, "x") for split in ("train", "test"))
    assert (train.shape[0], test.shape[0]) == (2, 1)
    assert not np.allclose(train[0], train[1])
