"""The artifact holds all that a prediction needs, and says so wherever it is loaded."""

from __future__ import annotations

import base64
import json
import os
import site
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from farandole.api.errors import DataError
from farandole.registry.artifact import requirements, write
from farandole.registry.loading import LoadedModel
from farandole.registry.memory import InMemoryTracker
from farandole.registry.predict import predict
from farandole.registry.verify import RegistrationError, check
from tests.support.registry_models import (
    picture,
    picture_bundle,
    probabilities,
    save_picture_network,
    save_table_network,
    table_bundle,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("artifacts")
    save_picture_network(place / "colours")
    save_table_network(place / "prices")
    return place


@pytest.fixture(scope="module")
def pictures(place: Path) -> LoadedModel:
    return LoadedModel(write(place / "pictures", picture_bundle(place / "colours")))


@pytest.fixture(scope="module")
def prices(place: Path) -> LoadedModel:
    return LoadedModel(write(place / "tables", table_bundle(place / "prices")))


def test_encoded_pictures_become_label_probabilities_and_identity(pictures: LoadedModel) -> None:
    rows = pd.DataFrame(
        {"image": [picture(255), picture(0, 255, "JPEG"), picture(200, 100, "WEBP")]},
        index=["a.png", "b.jpg", "c.webp"],
    )
    predicted = pictures.predict(rows)
    assert list(predicted.columns) == ["label", "probability_red", "probability_green", "identity"]
    assert list(predicted.index) == ["a.png", "b.jpg", "c.webp"]
    assert list(predicted["label"]) == ["red", "green", "red"]
    assert set(predicted["identity"]) == {"1" * 64}
    given = predicted[["probability_red", "probability_green"]].to_numpy()
    expected = [probabilities(255, 0), probabilities(0, 255), probabilities(200, 100)]
    np.testing.assert_allclose(given, expected, atol=5e-3)  # JPEG and WEBP lose a little


@pytest.mark.parametrize(
    "carried",
    [
        lambda content: base64.encodebytes(content).decode(),
        lambda content: base64.b64encode(content),
        bytearray,
        np.bytes_,
    ],
    ids=["text", "text as bytes", "bytearray", "numpy"],
)
def test_what_carries_an_image_is_read_like_its_bytes(
    pictures: LoadedModel, carried: Callable[[bytes], object]
) -> None:
    content = picture(200, 100)
    rows = pd.DataFrame({"image": pd.Series([carried(content)], dtype=object)})
    by_bytes = pictures.predict(pd.DataFrame({"image": [content]}))
    pd.testing.assert_frame_equal(pictures.predict(rows), by_bytes)


def test_more_rows_than_a_batch_are_answered_in_their_order(pictures: LoadedModel) -> None:
    reds = [0, 255, 128] * 33
    predicted = pictures.predict(pd.DataFrame({"image": [picture(red) for red in reds]}))
    expected = [probabilities(red, 0)[0] for red in reds]
    np.testing.assert_allclose(predicted["probability_red"], expected, atol=1e-5)


def test_no_rows_are_answered_with_no_predictions(pictures: LoadedModel) -> None:
    predicted = pictures.predict(pd.DataFrame({"image": pd.Series([], dtype=object)}))
    assert predicted.shape == (0, 4)


def test_every_row_that_cannot_be_read_is_named_at_once(pictures: LoadedModel) -> None:
    bad = {
        "text.jpg": b"not a picture",
        "cut.png": picture(1)[:40],
        "none": None,
        "b64": "?!",
        "zero": b"",
    }
    rows = pd.Series({"good.png": picture(255), **bad}, dtype=object).to_frame("image")
    with pytest.raises(DataError, match="5 of 6 rows") as failure:
        pictures.predict(rows)
    for name in bad:
        assert f"row {name}: " in str(failure.value)
    assert "good.png" not in str(failure.value)


def test_a_long_list_of_bad_rows_is_counted_and_cut(pictures: LoadedModel) -> None:
    rows = pd.DataFrame({"image": [b"no picture"] * 50})
    with pytest.raises(DataError, match="50 of 50 rows") as failure:
        pictures.predict(rows)
    assert "row 9: " in str(failure.value)
    assert "row 10: " not in str(failure.value)
    assert "and 40 more" in str(failure.value)


def test_a_threshold_decides_between_two_classes(place: Path) -> None:
    folder = write(place / "wary", picture_bundle(place / "colours", threshold=0.27))
    rows = pd.DataFrame({"image": [picture(255, 0), picture(255, 30)]})
    predicted = LoadedModel(folder).predict(rows)
    assert list(predicted["label"]) == ["red", "green"]
    assert predicted["probability_green"].between(0.26, 0.3).all()


def test_raw_table_rows_with_whole_numbers_become_values_in_original_units(
    prices: LoadedModel,
) -> None:
    predicted = prices.predict(pd.DataFrame({"area": [100, 200], "town": ["a", "b"]}))
    assert list(predicted.columns) == ["value", "identity"]
    np.testing.assert_allclose(predicted["value"], np.exp([2.0, 4.0]), rtol=1e-5)


def test_missing_unseen_and_odd_values_and_further_columns_are_answered(
    prices: LoadedModel,
) -> None:
    rows = pd.DataFrame(
        {"area": [None, 200, "huge"], "price": 1.0, "town": ["b", "elsewhere", None]}
    )
    np.testing.assert_allclose(prices.predict(rows)["value"], np.exp([3.0, 2.0, 1.0]), rtol=1e-5)


def test_a_body_of_inputs_that_holds_only_texts_is_a_row_a_text(prices: LoadedModel) -> None:
    predicted = prices.predict({"area": ["100", "200"], "town": ["a", "b"]})  # type: ignore[arg-type]  # as the server does
    np.testing.assert_allclose(predicted["value"], np.exp([2.0, 4.0]), rtol=1e-5)


def test_a_table_that_lacks_a_column_is_refused_by_its_name(prices: LoadedModel) -> None:
    with pytest.raises(DataError, match=r"missing inputs \['area'\]"):
        prices.predict(pd.DataFrame({"town": ["b"]}))


def test_two_artifacts_in_one_process_keep_their_own_code(place: Path, tmp_path: Path) -> None:
    other = tmp_path / "encoder.py"
    bundle = table_bundle(place / "prices")
    assert bundle.encoding is not None
    other.write_text(bundle.encoding.read_text().replace("np.exp(values) if", "values * 500 if"))
    first = LoadedModel(write(tmp_path / "first", bundle))
    second = LoadedModel(write(tmp_path / "second", table_bundle(place / "prices", encoding=other)))
    row = pd.DataFrame({"area": [100.0], "town": ["a"]})
    for model, value in ((first, np.exp(2)), (second, 1000.0), (first, np.exp(2))):
        np.testing.assert_allclose(model.predict(row)["value"], [value], rtol=1e-5)


def test_writing_again_replaces_the_artifact_wholly(place: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "model", picture_bundle(place / "colours", "a" * 64))
    (folder / "left over").touch()
    (tmp_path / "model.partial").mkdir()
    (tmp_path / "model.partial" / "torn").touch()
    write(folder, picture_bundle(place / "colours", "b" * 64))
    assert LoadedModel(folder).bundle["identity"] == "b" * 64
    assert not (folder / "left over").exists()
    assert not (tmp_path / "model.partial").exists()


def test_requirements_are_pinned_and_written_beside_the_model(pictures: LoadedModel) -> None:
    written = (pictures.folder / "requirements.txt").read_text()
    for line in requirements("images"):
        name, _, number = line.partition("==")
        assert f"{name}=={number.partition(';')[0]}" in written
    assert {"mlflow", "numpy", "pandas", "pillow"} <= {
        r.split("==")[0] for r in requirements("images")
    }


def test_the_example_is_strict_json_and_keeps_its_missing_values(prices: LoadedModel) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = (prices.folder / "serving_input_example.json").read_text()
    example = json.loads(text, parse_constant=refuse)
    assert example == {"dataframe_split": {"columns": ["area", "town"], "data": [[120, None]]}}


ALONE = """
import importlib.util, json, sys
assert importlib.util.find_spec("farandole") is None, "farandole must not be importable here"
import mlflow, pandas
pictures, prices, picture = sys.argv[1:]
image = pandas.DataFrame({"image": [open(picture, "rb").read()]})
row = pandas.DataFrame({"area": [100, None], "town": ["a", "never seen"]})
for folder, rows in ((pictures, image), (prices, row)):
    print(mlflow.pyfunc.load_model(folder).predict(rows).to_json(orient="records"))
assert not [name for name in sys.modules if name.split(".")[0] == "farandole"]
"""


@pytest.mark.slow
def test_it_loads_where_farandole_is_not_installed(
    pictures: LoadedModel, prices: LoadedModel, tmp_path: Path
) -> None:
    (tmp_path / "picture.jpg").write_bytes(picture(255, 0, "JPEG"))
    # A bare interpreter with our libraries on its path: .pth files, ours among them, do not count.
    done = subprocess.run(
        [
            *(os.path.realpath(sys.executable), "-S", "-c", ALONE),
            *(pictures.folder, prices.folder, tmp_path / "picture.jpg"),
        ],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": site.getsitepackages()[0]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    image, rows = map(json.loads, done.stdout.splitlines())
    assert image[0]["label"] == "red"
    assert image[0]["identity"] == "1" * 64
    assert [row["value"] for row in rows] == pytest.approx(np.exp([2.0, 1.0]), rel=1e-5)


def test_an_artifact_that_answers_as_evaluated_may_be_registered(
    pictures: LoadedModel, prices: LoadedModel
) -> None:
    reds = range(0, 256, 8)
    images = pd.DataFrame({"image": [picture(red) for red in reds]})
    check(pictures.folder, images, [probabilities(red, 0) for red in reds])
    rows = pd.DataFrame({"area": [100, 1200], "town": ["a", "b"]})
    check(prices.folder, rows, np.exp([2.0, 14.0]))


@pytest.mark.parametrize("wrong", [1e-4, np.nan])
def test_one_row_that_is_answered_in_another_way_fails_registration(
    pictures: LoadedModel, wrong: float
) -> None:
    images = pd.DataFrame({"image": [picture(red) for red in (0, 100, 255)]})
    recorded = np.array([probabilities(red, 0) for red in (0, 100, 255)])
    recorded[1, 0] += wrong
    with pytest.raises(RegistrationError, match=r"1 of 3 rows(.|\n)*row 1: "):
        check(pictures.folder, images, recorded)


def test_predictions_of_another_shape_fail_registration(pictures: LoadedModel) -> None:
    images = pd.DataFrame({"image": [picture(0)]})
    with pytest.raises(RegistrationError, match=r"\(1, 3\).*\(1, 2\)"):
        check(pictures.folder, images, [[0.2, 0.3, 0.5]])


def test_files_and_folders_are_predicted_by_the_alias(
    pictures: LoadedModel, tmp_path: Path
) -> None:
    tracker = InMemoryTracker()
    version = tracker.register("stamps", "1" * 64, pictures.folder, {}, "owner")
    tracker.promote(version, "champion", "owner")
    for name, red in (("b/2.png", 0), ("b/1.PNG", 255), ("odd", 255)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(picture(red, 128))
    (tmp_path / "b" / ".hidden.png").write_text("not a picture")
    (tmp_path / "b" / "notes.txt").write_text("not a picture")
    predicted = predict(
        "stamps@champion", [tmp_path / "b", tmp_path / "odd"], top_k=1, tracker=tracker
    )
    names = [Path(prediction.input).name for prediction in predicted]
    assert names == ["1.PNG", "2.png", "odd"]
    assert [prediction.label for prediction in predicted] == ["red", "green", "red"]
    (highest,) = predicted[1].probabilities
    assert highest.label == "green"
    assert highest.probability == pytest.approx(probabilities(0, 128)[1], abs=1e-5)
    assert {prediction.identity for prediction in predicted} == {"1" * 64}


def test_a_file_that_is_no_picture_is_named_by_its_path(
    pictures: LoadedModel, tmp_path: Path
) -> None:
    (tmp_path / "text.jpg").write_text("hello")
    with pytest.raises(DataError, match=r"row .*text\.jpg: "):
        predict(str(pictures.folder), [tmp_path])


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_rows_of_a_table_are_predicted_by_file_and_row(
    prices: LoadedModel, tmp_path: Path, form: str
) -> None:
    path = tmp_path / f"houses.{form}"
    table = pd.DataFrame({"town": ["a", None], "area": [100, 200], "note": ["x", "y"]})
    save: dict[str, Any] = {"csv": lambda: table.to_csv(path, index=False)}
    save.get(form, lambda: table.to_parquet(path))()
    predicted = predict(str(prices.folder), [path])
    assert [prediction.input for prediction in predicted] == [f"{path}:1", f"{path}:2"]
    assert [prediction.value for prediction in predicted] == pytest.approx(
        np.exp([2.0, 2.0]), rel=1e-5
    )
    assert predicted[0].label is None
    assert predicted[0].probabilities == ()
