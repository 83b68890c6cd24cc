"""prepare: read the source, split it once, and write shards with their manifest."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from farandole.api import RESULTS, Model, Outcome, Recipe, digest_of, identity, recipe_core
from farandole.api.progress import Progress
from farandole.data.drift import DriftReport, compare
from farandole.data.prepare import Prepared, fingerprint
from farandole.data.prepare import prepare as prepare_data
from farandole.data.store import open_store
from farandole.registry.tracking import open_tracker
from farandole.steps import program
from farandole.steps.outcome import outcome_of
from farandole.steps.place import Place, StepOutputs, StepParameters
from farandole.steps.registering.incumbent import open_champion
from farandole.steps.registering.serving import serve_again
from farandole.steps.rows.train_statistics import train_statistics


class Parameters(StepParameters):
    """Everything prepare needs stands in the document."""


class Outputs(StepOutputs):
    """Where the shards are, what they hold, and whether this identity was trained before."""

    prefix: str
    data_digest: str
    identity: str
    trained: str | None
    drift: DriftReport | None


def run(parameters: Parameters, progress: Progress) -> Outputs:
    """Prepare the data; an identity that was trained before is named, not repeated."""
    model, place = parameters.model(), parameters.place
    recipe, store = model.spec.recipe, open_store(place.store)
    prepared = prepare_data(
        recipe.data,
        recipe.task.kind,
        Path(place.folder),
        store,
        progress,
        workers=os.cpu_count() or 1,
    )
    name = identity(recipe, prepared.manifest.data_digest, builder(recipe, Path(place.folder)))
    store.put(_pointer(recipe, Path(place.folder)), name.encode())
    before = outcome_of(store, name)
    if before is not None:
        serve_again(store, model, before, lambda: open_tracker(place.tracking))
    return Outputs(
        prefix=prepared.prefix,
        data_digest=prepared.manifest.data_digest,
        identity=name,
        trained=before.verdict if before else None,
        drift=_drift(place, model, prepared, progress),
    )


def trained_before(model: Model, place: Place) -> Outcome | None:
    """Return the outcome of this very document on this very listing; reads no data.

    A document that went back to what was promoted before gets its alias back.
    """
    store, recipe = open_store(place.store), model.spec.recipe
    pointer = _pointer(recipe, Path(place.folder))
    if not store.exists(pointer):
        return None
    outcome = outcome_of(store, store.get(pointer).decode())
    if outcome is None:
        return None
    return serve_again(store, model, outcome, lambda: open_tracker(place.tracking))


def builder(recipe: Recipe, folder: Path) -> str | None:
    """Return the digest of the user's builder source, if the recipe names a builder."""
    if recipe.network.builder is None:
        return None
    from farandole.networks.builder import builder_digest

    return builder_digest(recipe.network.builder, folder)


def _pointer(recipe: Recipe, folder: Path) -> str:
    parts = [fingerprint(recipe.data, folder), recipe_core(recipe), builder(recipe, folder)]
    return f"trained/{digest_of([*parts, RESULTS])}"


def _drift(
    place: Place, model: Model, prepared: Prepared, progress: Progress
) -> DriftReport | None:
    champion = open_champion(place, model)
    if champion is None:
        return None
    report = compare(champion.statistics, train_statistics(prepared))
    for sentence in report.notices:
        progress.say(sentence)
    return report


if __name__ == "__main__":
    program.main(sys.modules[__name__])
