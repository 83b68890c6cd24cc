"""tune: search better parameters on validation rows; the document's own stay unless beaten."""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import Field

from farandole.api import digest_of
from farandole.api.progress import Progress
from farandole.data.store import open_store
from farandole.steps import featurize, prepare, program
from farandole.steps.cache import cached, step_key
from farandole.steps.place import StepOutputs


class Parameters(featurize.Parameters):
    """The arrays of the three splits, of which tune opens two."""

    featurized: featurize.Outputs


class Outputs(StepOutputs):
    """The chosen parameters (empty: the document's own), each trial, and why."""

    chosen: dict[str, float | int | str] = Field(default_factory=dict)
    trials: tuple[dict[str, object], ...] = ()
    sentence: str = "nothing was tuned"


def run(parameters: Parameters, progress: Progress) -> Outputs:
    """Search when the document declares it; trials of an interrupted search are not repeated."""
    recipe = parameters.recipe()
    if recipe.tuning is None:
        return Outputs()
    store = open_store(parameters.place.store)
    inputs = {
        "arrays": parameters.featurized.arrays,
        "recipe": digest_of(recipe.model_dump(mode="json", exclude={"data"})),
        "builder": prepare.builder(recipe, Path(parameters.place.folder)),
    }
    key = step_key("tune", **inputs)

    def compute() -> Outputs:
        from farandole.steps.fitting.tuning import tuned

        return tuned(parameters, store, key, progress)

    return cached(store, key, Outputs, compute)


if __name__ == "__main__":
    program.main(sys.modules[__name__])
