"""What is known without running anything: outcomes that earlier runs have left in the store."""

from __future__ import annotations

from pydantic import ValidationError

from farandole.api import DataError, Model, Outcome
from farandole.flows.state import State


def answer(model: Model, place: str) -> Outcome | None:
    """Return the outcome of this very recipe on data with this very listing; reads no data."""
    from farandole.steps.place import Place
    from farandole.steps.prepare import trained_before

    return trained_before(model, Place.model_validate_json(place))


def outcomes(state: State) -> tuple[Outcome, ...]:
    """Return the outcome of every identity in a state folder, in the order in which they ended."""
    found = []
    for path in sorted(state.store.glob("runs/*/outcome.json")):
        try:
            found.append(Outcome.model_validate_json(path.read_bytes()))
        except ValidationError as error:
            raise DataError(
                f"{path}: expected the outcome of a run, received {error}; remove the folder "
                f"{path.parent} to train this identity again"
            ) from error
    return tuple(sorted(found, key=lambda outcome: outcome.finished))
