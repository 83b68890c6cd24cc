"""register: write the whole model, check that it answers as evaluated, register it, report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from farandole.api import ExitCode, Outcome
from farandole.api.outcome import Gain
from farandole.api.progress import Progress
from farandole.data.prepare import open_prepared
from farandole.data.store import Store, open_store
from farandole.evaluation.comparison import Scored
from farandole.evaluation.decision import Decision
from farandole.steps import evaluate, program
from farandole.steps.outcome import outcome_key, outcome_of
from farandole.steps.place import StepOutputs
from farandole.steps.registering.serving import PASSED


class Parameters(evaluate.Parameters):
    """Everything, with the decision."""

    evaluated: evaluate.Outputs


class Outputs(StepOutputs):
    """How the run ended."""

    outcome: Outcome


def run(parameters: Parameters, progress: Progress) -> Outputs:
    """Register the version of this identity, and move the alias if the gate let it pass."""
    store = open_store(parameters.place.store)
    before = outcome_of(store, parameters.prepared.identity)
    if before is not None:
        return Outputs(outcome=before)
    from farandole.steps.registering.efficiency import training_sentence
    from farandole.steps.registering.report import write_report
    from farandole.steps.registering.version import register_version

    version = register_version(parameters, store, progress)
    report = write_report(parameters, store, version, progress)
    outcome = _outcome(parameters, str(version.number) if version else None, report).model_copy(
        update={
            "left_out": _left_out(parameters, store),
            "training": training_sentence(parameters),
        }
    )
    store.put(outcome_key(outcome.identity), outcome.model_dump_json().encode())
    return Outputs(outcome=outcome)


def _outcome(parameters: Parameters, version: str | None, report: str) -> Outcome:
    decision, model = parameters.evaluated.decision, parameters.model()
    return Outcome(
        identity=parameters.prepared.identity,
        name=model.metadata.name,
        verdict=decision.verdict,
        exit_code=ExitCode.OK if decision.verdict in PASSED else ExitCode.REFUSED,
        registered_model=model.registered_model,
        version=version,
        alias=model.spec.promotion.alias if decision.promote else None,
        metric=model.spec.recipe.metric,
        report=report,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=program.seconds(parameters.place),
        sentence=decision.headline,
        **_figures(decision),
    )


def _left_out(parameters: Parameters, store: Store) -> int:
    manifest = open_prepared(store, parameters.prepared.prefix).manifest
    return len(manifest.skipped) + len(manifest.duplicates.excluded)


def _figures(decision: Decision) -> dict[str, Any]:
    comparison = decision.comparison
    if comparison is None:
        return {"value": None, "interval": None, "baselines": {}}
    best = comparison.best_baseline.gain
    gating = [rival for rival in comparison.rivals if rival.gates]
    return {
        "value": comparison.candidate.value,
        "interval": (best.low, best.high) if best else None,
        "baselines": {rival.name: rival.value for rival in gating},
        "gains": _gains(decision, gating),
    }


def _gains(decision: Decision, gating: Sequence[Scored]) -> dict[str, Gain]:
    gains = {rival.name: _gain(rival.gain) for rival in gating if rival.gain}
    champion = decision.champion
    if champion is None or champion.gain is None:
        return gains
    return gains | {f"champion (version {champion.version})": _gain(champion.gain)}


def _gain(interval: Any) -> Gain:
    return Gain(difference=interval.difference, low=interval.low, high=interval.high)


if __name__ == "__main__":
    program.main(sys.modules[__name__])
