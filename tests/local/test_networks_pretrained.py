"""Pretrained networks see what their authors saw, and weights come only from where they should."""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_sample_image

from farandole.api import DataError, Imagenet, RandomWeights, Weights, WeightsFile
from farandole.networks.batch_size import fastest, sizes_alike
from farandole.networks.catalogue import CATALOGUE, pretrained
from farandole.networks.efficientnet_lite0 import assign, efficientnet_lite0
from farandole.networks.frozen import frozen_network, preprocess
from farandole.networks.pretrained import Featurizer, featurizer
from farandole.networks.weights import read_weights
from farandole.networks.weights_files import LITE0, lite0_file
from tests.support.networks_pth import pth

Array = NDArray[Any]
IMAGENET = Weights(imagenet=Imagenet())


def cropped(pixels: Array) -> Array:
    """The centre of the picture at 224 x 224, as networks of this family are evaluated."""
    image = Image.fromarray(pixels)
    side = int(min(image.size) * 224 / 256)
    left, top = ((edge - side) // 2 for edge in image.size)
    box = (left, top, left + side, top + side)
    return np.asarray(image.resize((224, 224), Image.Resampling.BICUBIC, box=box))


PICTURES = {
    "chelsea": (skimage.data.chelsea, {282: 0.385, 285: 0.363, 281: 0.167}),
    "coffee": (skimage.data.coffee, {967: 0.951}),
    "china": (lambda: load_sample_image("china.jpg"), {698: 0.360}),
    "flower": (lambda: load_sample_image("flower.jpg"), {985: 0.327}),
}


@pytest.fixture(scope="module")
def classifier() -> keras.Model:
    model = efficientnet_lite0(classes=1000)
    assign(model, read_weights(lite0_file()))
    return model


@pytest.fixture(scope="module")
def lite0() -> Featurizer:
    return featurizer(LITE0, "pooled", IMAGENET, Path)


@pytest.mark.parametrize("name", PICTURES)
def test_lite0_gives_the_published_probabilities(classifier: keras.Model, name: str) -> None:
    picture, published = PICTURES[name]
    logits = classifier(cropped(picture()).astype(np.float32)[None])
    probabilities = np.asarray(keras.ops.softmax(logits))[0]
    assert np.argsort(probabilities)[::-1][: len(published)].tolist() == list(published)
    for label, probability in published.items():
        assert probabilities[label] == pytest.approx(probability, abs=2e-3)


def test_lite0_has_the_published_number_of_parameters(classifier: keras.Model) -> None:
    trainable = sum(int(np.prod(v.shape)) for v in classifier.trainable_variables)
    assert trainable == 4_652_008
    assert efficientnet_lite0().count_params() == 3_413_024


def test_features_are_what_the_classifier_sees(classifier: keras.Model, lite0: Featurizer) -> None:
    pixels = np.stack([cropped(picture()) for picture, _ in PICTURES.values()])
    features = lite0.features(pixels, batch=3)
    assert features.shape == (4, lite0.width_out)
    kernel, bias = classifier.get_layer("classifier").get_weights()
    logits = classifier(pixels.astype(np.float32))
    np.testing.assert_allclose(features @ kernel + bias, logits, atol=1e-4)


def test_a_picture_has_the_same_bits_in_any_company(lite0: Featurizer) -> None:
    pixels = np.stack([cropped(picture()) for picture, _ in PICTURES.values()])
    together = lite0.features(np.concatenate([pixels, pixels[:3]]))
    assert all((lite0.features(pixels[at : at + 1])[0] == together[at]).all() for at in range(4))
    for size in sizes_alike(lite0, accelerator=False, calls=4):
        np.testing.assert_array_equal(lite0.features(pixels, size), together[:4])


def test_the_fastest_size_is_taken() -> None:
    assert fastest((4, 8, 16), {4: 1.0, 8: 3.0, 16: 2.0}.__getitem__) == 8


def test_no_pixels_have_no_features(lite0: Featurizer) -> None:
    assert lite0.features(np.empty((0, 224, 224, 3), np.uint8)).shape == (0, 1280)


def test_a_featurizer_is_frozen_even_when_it_is_called_in_training() -> None:
    # A network with dropout between its blocks, and batch normalization.
    model = frozen_network("EfficientNetB0", Weights(random=RandomWeights()), Path)
    before = [np.asarray(v) for v in model.variables]
    pixels = cropped(skimage.data.coffee()).astype(np.float32)[None]
    np.testing.assert_array_equal(model(pixels, training=True), model(pixels, training=False))
    assert model.trainable_variables == []
    for was, variable in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(was, variable)


def test_random_weights_are_a_function_of_their_seed() -> None:
    def kernels(seed: int) -> list[Array]:
        model = frozen_network(LITE0, Weights(random=RandomWeights(seed=seed)), Path)
        return [np.asarray(v) for v in model.variables if v.name == "kernel"]

    one, again, other = kernels(1), kernels(1), kernels(2)
    assert all((a == b).all() for a, b in zip(one, again, strict=True))
    assert not any((a == b).any() for a, b in zip(one, other, strict=True))


def test_pictures_can_be_told_apart_by_random_weights() -> None:
    model = featurizer(LITE0, "pooled", Weights(random=RandomWeights()), Path)
    features = model.features(np.stack([cropped(picture()) for picture, _ in PICTURES.values()]))
    assert 0.05 < features.std(axis=0).mean() < 5


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name != LITE0])
def test_preprocessing_is_that_of_the_networks_authors(name: str) -> None:
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 4, 4, 3)).astype(np.float32)
    theirs = sys.modules[getattr(keras.applications, name).__module__].preprocess_input
    ours = preprocess(keras.ops.convert_to_tensor(pixels), pretrained(name).preprocessing)
    np.testing.assert_allclose(ours, theirs(pixels.copy()), atol=1e-4)


@pytest.fixture
def mobilenet() -> keras.Model:
    return frozen_network("MobileNetV2", Weights(random=RandomWeights(seed=1)), Path)


@pytest.mark.parametrize("name", ["MobileNetV3Small", "VGG16"])
def test_the_catalogue_knows_the_shapes_of_keras_applications(name: str) -> None:
    model = frozen_network(name, Weights(random=RandomWeights()), Path)
    known = pretrained(name)
    assert model.input_shape == (None, known.size, known.size, 3)
    assert model.output_shape == (None, known.width)


def test_a_file_of_weights_gives_the_network_that_wrote_it(
    mobilenet: keras.Model, tmp_path: Path
) -> None:
    path = tmp_path / "mine.weights.h5"
    mobilenet.get_layer("frozen").body.save_weights(path)
    digest = sha256(path.read_bytes()).hexdigest()
    file = WeightsFile(uri="s3://store/mine.weights.h5", sha256=digest)
    loaded = featurizer("MobileNetV2", "pooled", Weights(file=file), {file.uri: path}.__getitem__)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3)).astype(np.float32)
    np.testing.assert_array_equal(loaded.model(pixels), mobilenet(pixels))


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.weights.h5"
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save_weights(path)
    weights = Weights(file=WeightsFile(uri=str(path)))
    with pytest.raises(
        DataError, match=r"other\.weights\.h5: expected weights of MobileNetV3Small"
    ):
        featurizer("MobileNetV3Small", "pooled", weights, Path)


@pytest.mark.parametrize(
    "arrays, message",
    [
        ({}, "with _conv_stem.weight, received none such"),
        ({"_conv_stem.weight": np.zeros((8, 3, 3, 3), np.float32)}, r"\(3, 3, 3, 32\), received"),
    ],
)
def test_a_pth_file_that_does_not_fit_lite0_is_refused(
    tmp_path: Path, arrays: dict[str, Array], message: str
) -> None:
    path = tmp_path / "lite0.pth"
    path.write_bytes(pth(arrays))
    with pytest.raises(DataError, match=message):
        featurizer(LITE0, "pooled", Weights(file=WeightsFile(uri=str(path))), Path)


def test_imagenet_weights_that_cannot_be_had_say_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nothing listens there
    with pytest.raises(DataError, match=r"could not be fetched.*weights: \{file:"):
        featurizer("MobileNetV3Small", "pooled", IMAGENET, Path)
