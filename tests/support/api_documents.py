"""Documents for tests: the smallest, a rich one, and ways to alter them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from farandole.api import API_VERSION, DocumentError, Model, Problem, Recipe, read_model
from farandole.api.paths import Loc, loc_of

IMAGES: dict[str, Any] = {
    "task": {"kind": "ImageClassification"},
    "data": {"images": "stamps"},
    "features": {"network": "EfficientNetLite0"},
}
TABLE: dict[str, Any] = {
    "task": {"kind": "TabularRegression"},
    "data": {"table": "ames.csv", "target": {"column": "price"}},
}
PIXELS: dict[str, Any] = {
    "task": {"kind": "ImageClassification"},
    "data": {"images": "fashion"},
    "network": {"image": {"height": 28, "width": 28, "channels": 1}, "layers": [{"flatten": {}}]},
}
RICH: dict[str, Any] = {
    "task": {"kind": "TabularRegression"},
    "data": {
        "table": "ames.csv",
        "target": {"column": "price", "transform": {"log": {}}},
        "weight": "sampling",
        "columns": {"month": {"kind": "categorical"}},
        "split": {
            "fractions": {"train": 0.6, "validation": 0.2, "test": 0.2},
            "seed": 3,
            "group": "owner",
        },
        "limits": {"undecodable": 0.01, "pixels": 1000, "nearDuplicates": 2},
    },
    "features": {"table": {"impute": "mean", "standardise": False, "oneHotUpTo": 8}},
    "network": {
        "layers": [
            {"dense": {"units": 64, "activation": {"leakyRelu": {"slope": 0.1}}, "l2": 0.001}},
            {"batchNormalization": {"momentum": 0.9, "epsilon": 0.01}},
            {"dropout": {"rate": 0.2}},
        ]
    },
    "training": {
        "globalBatch": 32,
        "lanes": 8,
        "epochs": 20,
        "loss": {"huber": {"delta": 2.0}},
        "optimizer": {"sgd": {"learningRate": 0.05, "momentum": 0.9, "nesterov": True}},
        "schedule": {"piecewise": {"boundaries": [5, 10], "values": [1, 0.1, 0.01]}},
        "earlyStopping": {"patience": 3, "minimumGain": 0.001},
        "precision": "mixedBfloat16",
        "clipNorm": 1.0,
        "reproducible": True,
        "seed": 11,
    },
    "tuning": {
        "tpe": {"trials": 8, "batch": 2, "seed": 1},
        "space": [
            {
                "parameter": "training.optimizer.sgd.learningRate",
                "logUniform": {"low": 0.001, "high": 0.1},
            },
            {
                "parameter": "network.layers[0].dense.units",
                "integer": {"low": 16, "high": 64, "step": 16},
            },
        ],
    },
    "evaluation": {"metric": "mae"},
}


unhurried = settings(max_examples=50, deadline=None)
"""For properties: a busy machine fails none of them."""


def document(recipe: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """Give the document around a recipe."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Model",
        "metadata": {"name": "stamps"},
        "spec": {"recipe": deepcopy(recipe), **spec},
    }


def altered(content: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Give a document with another value at a path; parts on the way are made."""
    changed = deepcopy(content)
    place: Any = changed
    *way, last = loc_of(path) or ()
    for step in way:
        if isinstance(place, dict):
            place.setdefault(step, {})
        place = place[step]
    place[last] = value
    return changed


def without(content: dict[str, Any], path: str) -> dict[str, Any]:
    """Give a document without what is at a path."""
    changed = deepcopy(content)
    place: Any = changed
    *way, last = loc_of(path) or ()
    for step in way:
        place = place[step]
    del place[last]
    return changed


def read(content: dict[str, Any]) -> Model:
    """Read a document; JSON is YAML."""
    return read_model(json.dumps(content), "model.yaml")


def problems_of(content: dict[str, Any]) -> tuple[Problem, ...]:
    """Give all problems of a document."""
    try:
        read(content)
    except DocumentError as error:
        return error.problems
    return ()


def places(value: Any, loc: Loc = ()) -> Iterator[Loc]:
    """Give every place in a JSON value, parts before what is in them."""
    yield loc
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*loc, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*loc, index))


def value_at(value: Any, loc: Loc) -> Any:
    """Give what is at a place."""
    for step in loc:
        value = value[step]
    return value


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """Draw recipes of each task, with some parts written and others left to their defaults."""
    base = deepcopy(draw(st.sampled_from([IMAGES, TABLE, PIXELS, RICH])))
    if draw(st.booleans()):
        base["data"]["split"] = {"seed": draw(st.integers(0, 99))}
    if base["task"]["kind"] == "TabularRegression":
        base["training"] = draw(st.sampled_from([{}, {"globalBatch": 48}, RICH["training"]]))
        base.pop("tuning", None)
    return Recipe.model_validate(base)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
