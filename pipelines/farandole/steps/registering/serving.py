"""Which identity an alias serves, noted in the store so that looking it up loads no MLflow."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from farandole.api import ExitCode, Model, Outcome
from farandole.data.store import Store
from farandole.registry.tracking import Tracker, Version
from farandole.steps.outcome import outcome_key

PASSED = ("Promoted", "ManualPromotion")
SEED = "raise training.seed to train and judge it there"


def note_served(store: Store, model: Model, identity: str) -> None:
    """Note that the document's alias points at the version of `identity`."""
    store.put(_key(model), identity.encode())


def serve_again(
    store: Store, model: Model, outcome: Outcome, opened: Callable[[], Tracker]
) -> Outcome:
    """Do what `promotion` asks of an identity that was trained before; return where it stands now.

    A revert points the alias back, another alias or registered model gets the same version: all
    train nothing. What the gate has refused stays refused. `opened` opens the tracker; it is
    called only where the alias does not serve this identity.
    """
    if outcome.version is None:
        return outcome
    if _served(store, model) == outcome.identity:
        return _placed(model, outcome, _number(store, model, outcome))
    if outcome.verdict in PASSED:
        return _served_again(store, model, outcome, opened())
    if model.registered_model != outcome.registered_model:
        judged = f"It was judged under {outcome.registered_model!r}, not {model.registered_model!r}"
        return _changed(outcome, alias=None, sentence=f"{outcome.sentence} {judged}: {SEED}.")
    return outcome


def owner(model: Model) -> str:
    """Name the document that a registered model belongs to."""
    return f"{model.metadata.namespace or 'local'}/{model.metadata.name}"


def _served_again(store: Store, model: Model, outcome: Outcome, tracker: Tracker) -> Outcome:
    version = _version(model, outcome, tracker)
    if version is None:
        gone = f"version {outcome.version} of {outcome.registered_model!r} is not there any more"
        return _refused(outcome, f"Not promoted: {gone}; {SEED}.")
    placed = _placed(model, outcome, str(version.number))
    if model.spec.promotion.mode == "Manual":
        return _changed(
            placed,
            alias=None,
            sentence=f"A person promotes: version {version.number} is registered, and "
            f"promotion.mode is Manual, so alias {model.spec.promotion.alias} was left alone.",
        )
    serving = tracker.at(model.registered_model, model.spec.promotion.alias)
    if not _passed(store, model, outcome, serving):
        return _refused(
            placed,
            f"A person decides: alias {model.spec.promotion.alias} of {model.registered_model!r} "
            f"serves version {serving.number if serving else ''}, with which this identity "
            f"(version {version.number}) was not compared; {SEED}.",
        )
    tracker.promote(version, model.spec.promotion.alias, owner(model))
    store.put(_promoted(model, outcome.identity), str(version.number).encode())
    note_served(store, model, outcome.identity)
    return placed if outcome.verdict == "Promoted" else _released(store, model, placed)


def _version(model: Model, outcome: Outcome, tracker: Tracker) -> Version | None:
    """Find the identity's version under the document's registered model, or put it there too."""
    here, there = model.registered_model, outcome.registered_model
    found = tracker.version_of(here, outcome.identity)
    first = tracker.version_of(there, outcome.identity) if found is None else None
    if first is None:
        return found
    return tracker.register(
        here, outcome.identity, tracker.fetch(first), dict(first.tags), owner(model)
    )


def _passed(store: Store, model: Model, outcome: Outcome, serving: Version | None) -> bool:
    """Whether it was promoted there before, or has beaten what is served there now."""
    here = model.registered_model == outcome.registered_model
    if store.exists(_promoted(model, outcome.identity)) or serving is None:
        return True
    if outcome.verdict == "Promoted":
        return here
    return here and _judged_against(store, outcome) == str(serving.number)


def _judged_against(store: Store, outcome: Outcome) -> str | None:
    key = f"runs/{outcome.identity}/evaluation.json"
    if not store.exists(key):
        return None
    champion = json.loads(store.get(key))["decision"]["champion"]
    return str(champion["version"]) if champion else None


def _released(store: Store, model: Model, placed: Outcome) -> Outcome:
    """Keep that what waited for a person was promoted once the document said Automatic."""
    sentence = "Promoted: the gate had let it pass, and promotion.mode is Automatic now."
    released = _changed(
        placed,
        verdict="Promoted",
        alias=model.spec.promotion.alias,
        sentence=sentence,
    )
    store.put(outcome_key(released.identity), released.model_dump_json().encode())
    return released


def _number(store: Store, model: Model, outcome: Outcome) -> str:
    key = _promoted(model, outcome.identity)
    return store.get(key).decode() if store.exists(key) else str(outcome.version)


def _placed(model: Model, outcome: Outcome, number: str) -> Outcome:
    name, alias = model.registered_model, model.spec.promotion.alias
    return _changed(outcome, registered_model=name, alias=alias, version=number)


def _refused(outcome: Outcome, sentence: str) -> Outcome:
    return _changed(
        outcome,
        verdict="NotComparable",
        exit_code=int(ExitCode.REFUSED),
        alias=None,
        sentence=sentence,
    )


def _changed(outcome: Outcome, **fields: Any) -> Outcome:
    return outcome.model_copy(update=fields)


def _served(store: Store, model: Model) -> str | None:
    key = _key(model)
    return store.get(key).decode() if store.exists(key) else None


def _key(model: Model) -> str:
    return f"served/{model.registered_model}/{model.spec.promotion.alias}"


def _promoted(model: Model, identity: str) -> str:
    return f"runs/{identity}/promoted/{model.registered_model}"
