# mypy: ignore-errors
# mypy takes the real steps for these, whose names they bear.
from __future__ import annotations

from farandole.api import Gain, Outcome
from farandole.api.progress import Progress
from farandole.data.store import open_store
from farandole.steps import evaluate
from farandole.steps.behaviour import behave
from farandole.steps.outcome import outcome_key
from farandole.steps.place import StepOutputs
from farandole.steps.program import seconds


class Parameters(evaluate.Parameters):
    """What the steps before have left."""

    evaluated: evaluate.Outputs


class Outputs(StepOutputs):
    """How the run ended."""

    outcome: Outcome


def run(parameters: Parameters, progress: Progress) -> Outputs:
    behave("register", parameters.place, progress)
    store, refused = open_store(parameters.place.store), parameters.evaluated.exit_code != 0
    name = parameters.prepared.identity
    outcome = Outcome(
        identity=name,
        name=parameters.model().metadata.name,
        verdict="BaselineWon" if refused else "Promoted",
        exit_code=parameters.evaluated.exit_code,
        registered_model="stamps",
        version="1",
        alias=None if refused else "champion",
        metric="balancedAccuracy",
        value=0.95,
        interval=(0.02, 0.3),
        baselines={"linear": 0.8, "dummy": 0.5},
        gains={"linear": Gain(difference=0.15, low=0.02, high=0.3)},
        report=f"runs/{name}/report.html",
        finished="2026-01-01T00:00:00Z",
        seconds=seconds(parameters.place),
        sentence="The baseline won." if refused else "The model beats its baselines.",
    )
    store.put(f"runs/{name}/report.html", b"<p>the report</p>")
    store.put(outcome_key(name), outcome.model_dump_json().encode())
    return Outputs(outcome=outcome)
