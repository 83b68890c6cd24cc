# mypy: ignore-errors
# mypy takes the real steps for these, whose names they bear.
from __future__ import annotations

from pathlib import Path

from farandole.api import Model, Outcome, digest_of, identity
from farandole.api.progress import Progress
from farandole.data.store import open_store
from farandole.steps.behaviour import behave
from farandole.steps.outcome import outcome_of
from farandole.steps.place import Place, StepOutputs, StepParameters


class Parameters(StepParameters):
    """The document."""


class Outputs(StepOutputs):
    """The identity."""

    identity: str
    trained: str | None


def run(parameters: Parameters, progress: Progress) -> Outputs:
    behave("prepare", parameters.place, progress)
    model, place = parameters.model(), parameters.place
    store, name = open_store(place.store), _identity(model, place)
    store.put(f"trained/{name}", b"")
    before = outcome_of(store, name)
    return Outputs(identity=name, trained=before.verdict if before else None)


def trained_before(model: Model, place: Place) -> Outcome | None:
    return outcome_of(open_store(place.store), _identity(model, place))


def _identity(model: Model, place: Place) -> str:
    data = (Path(place.folder) / "data.txt").read_text()
    return identity(model.spec.recipe, digest_of(data), None)
