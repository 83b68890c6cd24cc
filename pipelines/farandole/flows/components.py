"""Each step as a Kubeflow component: JSON texts in and out, and artifacts where the UI draws them.

A body is copied into the pipeline as text and runs by itself, so it imports what it needs.
Pydantic checks what comes in; lists of integers would arrive as floats, texts arrive as they are.
Kubeflow reads the annotations as objects, so that they cannot be postponed here.
"""

from collections.abc import Callable
from typing import Any

from kfp import dsl
from kfp.dsl import HTML, ClassificationMetrics, Metrics, Output

IMAGE = "farandole/python-steps:0.1.0"
"""Image that holds the steps; another one is named when compiling."""

component: Callable[[Callable[..., str | None]], Any] = dsl.component(
    base_image=IMAGE, install_kfp_package=False
)


@component
def prepare(place: str, document: str) -> str:
    """Read the source, split it once, write shards and their manifest."""
    from farandole.steps import prepare, program

    return program.execute(prepare, place, document)


@component
def claim(run: str, place: str, prepared: str) -> str:
    """Return "train" once this run has the identity, "trained" when some run has trained it."""
    from farandole.steps import program

    return program.settle(run, place, prepared)


@component
def featurize(run: str, place: str, document: str, prepared: str) -> str:
    """Turn rows into arrays, computing only what is not cached."""
    from farandole.steps import featurize, program

    return program.execute_claimed(featurize, run, place, document, prepared=prepared)


@component
def tune(run: str, place: str, document: str, prepared: str, featurized: str) -> str:
    """Choose parameters on validation rows."""
    from farandole.steps import program, tune

    earlier = {"prepared": prepared, "featurized": featurized}
    return program.execute_claimed(tune, run, place, document, **earlier)


@component
def train(run: str, place: str, document: str, prepared: str, featurized: str, tuned: str) -> str:
    """Train on a ring, resuming from its checkpoints."""
    from farandole.steps import program, train

    earlier = {"prepared": prepared, "featurized": featurized, "tuned": tuned}
    return program.execute_claimed(train, run, place, document, **earlier)


@component
def evaluate(
    run: str,
    place: str,
    document: str,
    prepared: str,
    featurized: str,
    tuned: str,
    trained: str,
    metrics: Output[Metrics],
    curves: Output[ClassificationMetrics],
) -> str:
    """Judge the model and its baselines on test rows, once, and decide."""
    from farandole.flows import drawing
    from farandole.steps import evaluate, program

    earlier = {
        "prepared": prepared,
        "featurized": featurized,
        "tuned": tuned,
        "trained": trained,
    }
    outputs = program.execute_claimed(evaluate, run, place, document, **earlier)
    judged = evaluate.Outputs.model_validate_json(program.taken(place, outputs))
    drawing.draw_metrics(judged.metrics, metrics)
    drawing.draw_confusion(judged.classes, judged.confusion, curves)
    drawing.draw_roc(judged.roc, curves)
    return outputs


@component
def register(
    run: str,
    place: str,
    document: str,
    prepared: str,
    featurized: str,
    tuned: str,
    trained: str,
    evaluated: str,
    report: Output[HTML],
) -> str:
    """Write the whole model, check it, register it, and write the report."""
    from pathlib import Path

    from farandole.steps import program, register

    earlier = {
        "prepared": prepared,
        "featurized": featurized,
        "tuned": tuned,
        "trained": trained,
        "evaluated": evaluated,
    }
    outputs = program.execute_claimed(register, run, place, document, **earlier)
    written = register.Outputs.model_validate_json(program.taken(place, outputs)).outcome.report
    if written is not None:
        Path(report.path).write_bytes(program.fetch(place, written))
    return outputs


@component
def gate(place: str, registered: str) -> None:
    """Fail the run when the gate refused the model: a task that fails loses its artifacts."""
    import json

    from farandole.api import Outcome
    from farandole.steps import program

    outcome = Outcome.model_validate(json.loads(program.taken(place, registered))["outcome"])
    print(outcome.sentence)
    if outcome.refused:
        raise SystemExit(outcome.exit_code)
