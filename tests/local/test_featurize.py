"""Features are computed once for each picture, whatever head or split comes after."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from farandole.api import Model
from farandole.api.progress import SILENT
from farandole.data.arrays import open_array
from farandole.data.decode import decode
from farandole.data.prepare import open_prepared
from farandole.data.store import open_store
from farandole.launch import RankError, ring_available
from farandole.networks.batch_size import PROCESSOR
from farandole.steps import featurize, prepare
from farandole.steps.place import Place
from farandole.steps.rows.arrays import SPLITS
from farandole.steps.rows.featurizing import measured_batch, work_of
from farandole.steps.rows.featurizing_ranks import part_of, ranks_that_pay
from farandole.steps.rows.items import Item, pictures, pixels_of
from farandole.steps.rows.pretrained_features import PretrainedFeatures

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
    return featurize.run(parameters(folder, **recipe), SILENT)


def parameters(folder: Path, **recipe: Any) -> featurize.Parameters:
    """Prepare the pictures of `folder`, and say what is to be featurized."""
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
    return featurize.Parameters(place=place, document=text, prepared=prepared)


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


def representation(folder: Path, ranks: int, enough: int = 1) -> PretrainedFeatures:
    """Return the features of `folder`, in a store of their own for each number of ranks."""
    asked = parameters(folder)
    store = open_store(asked.place.store)
    place = asked.place.model_copy(update={"ranks": ranks, "work": str(folder / f"work{ranks}")})
    prepared = open_prepared(store, asked.prepared.prefix)
    features = asked.recipe().features
    return PretrainedFeatures(prepared, features, store, place, SILENT, enough=enough)


def all_rows(features: PretrainedFeatures) -> NDArray[Any]:
    return np.concatenate([features.rows(split) for split in SPLITS], axis=1)


def forget(folder: Path) -> None:
    shutil.rmtree(folder / "store" / "features")


def started(step_parameters: featurize.Parameters, folder: Path) -> subprocess.Popen[bytes]:
    """Start the step as the program that it is."""
    (folder / "parameters.json").write_text(step_parameters.model_dump_json())
    step = [sys.executable, "-m", "farandole.steps.featurize"]
    files = [str(folder / "parameters.json"), str(folder / "outputs.json")]
    return subprocess.Popen([*step, *files])


def until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def kept(features: PretrainedFeatures) -> int:
    index = features.store.list(f"features/{features.spec.digest}/index")
    return sum(len(features.store.get(each.key).split(b"\n")) - 1 for each in index)


@pytest.mark.slow
def test_after_a_kill_only_what_was_not_kept_is_computed(tmp_path: Path) -> None:
    paint(tmp_path, range(350))
    asked, features = parameters(tmp_path), representation(tmp_path, ranks=1)
    program = started(asked, tmp_path)
    until(lambda: kept(features) or program.poll() is not None)
    program.kill()
    assert program.wait() in (-signal.SIGKILL, 0)  # ended before: a very fast machine

    before = kept(features)
    assert before > 0
    resumed = featurize.run(asked, SILENT)

    assert resumed.computed == 700 - before
    again = representation(tmp_path, ranks=1)
    found = all_rows(again)
    assert again.computed == 0
    forget(tmp_path)
    np.testing.assert_array_equal(all_rows(representation(tmp_path, ranks=1, enough=9999)), found)


@pytest.mark.ring
@pytest.mark.skipif(ring_available() is not None, reason="needs Horovod's meeting point")
def test_ranks_compute_the_same_bits(folder: Path) -> None:
    alone = all_rows(representation(folder, ranks=1))
    forget(folder)

    by_ranks = representation(folder, ranks=2)

    np.testing.assert_array_equal(all_rows(by_ranks), alone)
    assert by_ranks.computed == 24
    assert (folder / "work2").exists()


@pytest.mark.ring
@pytest.mark.skipif(ring_available() is not None, reason="needs Horovod's meeting point")
def test_a_rank_that_dies_is_named_and_what_was_kept_stays(folder: Path) -> None:
    features = representation(folder, ranks=2)

    def kill_one() -> None:
        until(lambda: list((folder / "work2").glob("*/ranks/1.json")))
        (record,) = (folder / "work2").glob("*/ranks/1.json")
        os.kill(json.loads(record.read_bytes())["program"], signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    with pytest.raises(RankError, match=r"(?s)rank 1 of 2 was killed.*of 24 images were kept"):
        features.rows("train")
    killer.join()

    again = representation(folder, ranks=1)
    before = kept(again)
    all_rows(again)
    assert again.computed == 24 - before


@given(
    positions=st.lists(st.integers(0, 50), unique=True),
    there=st.sets(st.integers(0, 50)),
    ranks=st.integers(1, 5),
)
def test_each_item_is_one_ranks_whatever_other_ranks_have_done(
    positions: list[int], there: set[int], ranks: int
) -> None:
    items = [Item("train", position, 0, f"{position}/0") for position in positions]
    late = [item for item in items if item.position not in there]
    parts = [part_of(items, rank, ranks) for rank in range(ranks)]
    assert sorted(item for part in parts for item in part) == sorted(items)
    for rank, part in enumerate(parts):
        assert set(part_of(late, rank, ranks)) == set(part) & set(late)


def test_images_that_a_batch_size_was_measured_on_are_not_computed_again(folder: Path) -> None:
    features = representation(folder, ranks=1)
    items, finished = features.missing(), list[int]()
    work = work_of(features)

    first, batch = measured_batch(work, items, False, finished.append, enough=24, trial=4)

    assert sum(finished) == first == kept(features)
    assert features.missing() == items[first:]
    assert batch in PROCESSOR
    assert measured_batch(work, items, False, finished.append, enough=25) == (0, PROCESSOR[0])


def test_processes_are_started_where_they_pay() -> None:
    assert ranks_that_pay(asked=4, images=999, cores=8, enough=1000) == 1
    assert ranks_that_pay(asked=4, images=1000, cores=8, enough=1000) == 4
    assert ranks_that_pay(asked=4, images=1000, cores=2, enough=1000) == 2


def test_features_that_are_there_are_taken_without_tensorflow(folder: Path) -> None:
    featurized(folder)
    asked = parameters(folder, data={"images": "pictures", "split": {"seed": 6}})
    (folder / "parameters.json").write_text(asked.model_dump_json())
    program = """
import sys
from farandole.api.progress import SILENT
from farandole.steps import featurize
given = featurize.Parameters.model_validate_json(open(sys.argv[1]).read())
print(featurize.run(given, SILENT).computed, "tensorflow" in sys.modules, "keras" in sys.modules)
"""
    told = subprocess.check_output(
        [sys.executable, "-c", program, str(folder / "parameters.json")], text=True
    )
    assert told.split() == ["0", "False", "False"]


def test_features_are_of_the_pixels_that_decode_gives(folder: Path) -> None:
    features = representation(folder, ranks=1)
    prepared = features.prepared
    items = [item for item in features.missing() if item.split == "train"]
    for item, image in pictures(prepared, items):
        expected = decode(prepared.content("train", item.position), 50, 60)
        np.testing.assert_array_equal(pixels_of(prepared, item, image, 50, 60, False), expected)


def test_small_pixels_are_the_same_whoever_decoded_them(folder: Path) -> None:
    arrays = featurized(folder).arrays
    store = open_store(str(folder / "store"))
    left_behind = np.array(open_array(store, arrays, "train", "raw"))
    shutil.rmtree(folder / "store" / "arrays")
    shutil.rmtree(folder / "store" / "features" / "raw-pixels-32")

    again = featurized(folder)

    assert again.computed == 0
    np.testing.assert_array_equal(open_array(store, arrays, "train", "raw"), left_behind)
