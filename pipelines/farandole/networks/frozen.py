"""Pretrained networks as Keras models: preprocessing, network, average over the last maps."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from farandole.api.errors import DataError
from farandole.api.features import Weights
from farandole.networks.catalogue import Preprocessing, pretrained
from farandole.networks.efficientnet_lite0 import assign, efficientnet_lite0
from farandole.networks.weights import read_weights
from farandole.networks.weights_files import LITE0, Read, declared_file, lite0_file

MEAN_RGB = (0.485, 0.456, 0.406)
SPREAD_RGB = (0.229, 0.224, 0.225)
MEAN_BGR_255 = (103.939, 116.779, 123.68)


class Frozen(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """A network that infers whatever happens around it.

    Calling it with training=False would not do: a functional model called in training hands
    training=True to every layer, over what was written at the layer's call.
    """

    def __init__(self, body: keras.Model) -> None:
        super().__init__(name="frozen", trainable=False)
        self.body = body

    def call(self, inputs: Any) -> Any:
        """Give the maps of the body in inference."""
        return self.body(inputs, training=False)


def frozen_network(name: str, weights: Weights, read: Read) -> keras.Model:
    """Build float32 pixels 0..255 [n, size, size, 3] -> features [n, width], not trainable.

    Errors: DataError for weights that cannot be had or do not fit.
    """
    network = pretrained(name)
    pixels = keras.Input((network.size, network.size, 3), name="pixels")
    body = Frozen(_with_weights(name, weights, read))
    maps = body(preprocess(pixels, network.preprocessing))
    features = keras.layers.GlobalAveragePooling2D(name="pooled")(maps)
    model = keras.Model(pixels, features, name=name)
    model.trainable = False
    model.jit_compile = False  # XLA gave 12 images/s on two CPU cores where plain kernels gave 150
    return model


def preprocess(pixels: Any, preprocessing: Preprocessing) -> Any:
    """Bring pixels 0..255 [n, h, w, 3] to what a network was trained on; as keras.applications."""
    match preprocessing:
        case Preprocessing.INSIDE:
            return pixels
        case Preprocessing.MINUS_ONE_TO_ONE:
            return keras.layers.Rescaling(1 / 127.5, -1.0)(pixels)
        case Preprocessing.STANDARDISED:
            scale = [1 / (255 * spread) for spread in SPREAD_RGB]
            offset = [-mean / spread for mean, spread in zip(MEAN_RGB, SPREAD_RGB, strict=True)]
            return keras.layers.Rescaling(scale, offset)(pixels)
        case Preprocessing.BLUE_FIRST:
            return keras.layers.Rescaling(1.0, [-m for m in MEAN_BGR_255])(pixels[..., ::-1])


def _with_weights(name: str, weights: Weights, read: Read) -> keras.Model:
    if weights.random is not None:
        keras.utils.set_random_seed(weights.random.seed)
        return _fresh(name)
    if weights.file is not None:
        return _from_file(_fresh(name), declared_file(weights.file, read))
    return _lite0_of_imagenet() if name == LITE0 else _of_imagenet(name)


def _fresh(name: str) -> keras.Model:
    return efficientnet_lite0() if name == LITE0 else _application(name)(weights=None)


def _application(name: str) -> Callable[..., keras.Model]:
    size = pretrained(name).size

    def build(**settings: Any) -> keras.Model:
        function = getattr(keras.applications, name)
        return function(include_top=False, input_shape=(size, size, 3), **settings)

    return build


def _lite0_of_imagenet() -> keras.Model:
    model = efficientnet_lite0()
    assign(model, read_weights(lite0_file()))
    return model


def _of_imagenet(name: str) -> keras.Model:
    try:
        return _application(name)(weights="imagenet")
    except Exception as error:
        raise DataError(
            f"the ImageNet weights of {name} are not in ~/.keras/models and "
            f"could not be fetched ({error}); where there is a network run `python -c 'import "
            f"keras; keras.applications.{name}(include_top=False)'` and bring that folder here, "
            "or declare features.weights: {file: {uri: ..., sha256: ...}}"
        ) from error


def _from_file(model: keras.Model, path: Path) -> keras.Model:
    if path.suffix == ".pth":
        assign(model, read_weights(path))
        return model
    _blank(model)
    try:
        with warnings.catch_warnings(action="ignore"):
            model.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        raise _misfit(model, path, str(error).partition("\n")[0]) from error
    empty = [v.path for v in model.variables if np.isnan(np.asarray(v)).any()]
    if empty:
        raise _misfit(model, path, f"nothing for {len(empty)} variables, as {empty[0]}")
    return model


def _blank(model: keras.Model) -> None:
    """Make every weight no number: Keras only warns of weights that a file does not have."""
    for variable in model.variables:
        if keras.backend.is_float_dtype(variable.dtype):
            variable.assign(np.full(variable.shape, np.nan))


def _misfit(model: keras.Model, path: Path, received: str) -> DataError:
    return DataError(
        f"{path}: expected weights of {model.name} without its classifier, in Keras' .weights.h5 "
        f"or .h5 form, received {received}"
    )
