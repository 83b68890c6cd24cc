"""featurize: turn prepared rows into flat arrays, computing only what no run has before."""

from __future__ import annotations

import sys

from farandole.api import Recipe, digest_of
from farandole.api.progress import Progress
from farandole.data.arrays import describe_arrays, seal_arrays, write_arrays
from farandole.data.prepare import Prepared, open_prepared
from farandole.data.store import Store, open_store
from farandole.steps import prepare, program
from farandole.steps.place import StepOutputs
from farandole.steps.rows.arrays import SPLITS, common_arrays


class Parameters(prepare.Parameters):
    """The prepared rows."""

    prepared: prepare.Outputs


class Outputs(StepOutputs):
    """Where the arrays are, and how many rows were computed anew."""

    arrays: str
    computed: int


def run(parameters: Parameters, progress: Progress) -> Outputs:
    """Write `x`, `y`, `weight` and the baselines' inputs of every split as flat arrays."""
    recipe, store = parameters.recipe(), open_store(parameters.place.store)
    prefix = f"arrays/{_digest(recipe, parameters.prepared.prefix)}"
    if describe_arrays(store, prefix) is not None:
        return Outputs(arrays=prefix, computed=0)
    prepared = open_prepared(store, parameters.prepared.prefix)
    return Outputs(
        arrays=prefix, computed=_write(store, prefix, prepared, recipe, parameters, progress)
    )


def _write(
    store: Store,
    prefix: str,
    prepared: Prepared,
    recipe: Recipe,
    parameters: Parameters,
    progress: Progress,
) -> int:
    from farandole.steps.rows.representation import representation_of

    representation = representation_of(recipe, prepared, store, parameters.place, progress)
    for split in SPLITS:
        arrays = common_arrays(prepared, recipe, split, store, progress)
        write_arrays(store, prefix, split, {"x": representation.rows(split), **arrays})
    seal_arrays(store, prefix, representation.description())
    return representation.computed


def _digest(recipe: Recipe, prepared: str) -> str:
    image = recipe.network.image.model_dump(mode="json") if recipe.network.image else None
    features = recipe.features.model_dump(mode="json")
    target = recipe.data.target.model_dump(mode="json") if recipe.data.target else None
    return digest_of([prepared, features, image, target, recipe.data.weight])[:32]


if __name__ == "__main__":
    program.main(sys.modules[__name__])
