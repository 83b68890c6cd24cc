"""The report of a run, put together from what the steps have left."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from farandole.api import Model
from farandole.api.progress import Progress
from farandole.data.prepare import Prepared, open_prepared
from farandole.data.store import Store
from farandole.evaluation.metric import higher_is_better
from farandole.registry.surroundings import git_commit, library_versions
from farandole.registry.tracking import Version, open_tracker
from farandole.report.document import ReportData
from farandole.report.evidence import Calibration, Confusion, Decision, Residuals, Roc
from farandole.report.page import render
from farandole.report.sections import (
    Asked,
    Epoch,
    Fact,
    Learning,
    Mistake,
    Observation,
    Registered,
    Spent,
    Trial,
    Tuning,
)
from farandole.steps import program, register
from farandole.steps.evaluate import count_decision
from farandole.steps.judging.feature_drift import with_features
from farandole.steps.judging.findings import Findings, RowFinding
from farandole.steps.observing import findings as beside
from farandole.steps.registering.efficiency import efficiency_view
from farandole.steps.registering.report_data import data_summary, drift_of
from farandole.steps.registering.version import findings_of
from farandole.steps.rows.pictures import picture_of
from farandole.steps.tune import Outputs as Tuned


def write_report(
    parameters: register.Parameters, store: Store, version: Version | None, progress: Progress
) -> str:
    """Write the report to the store and to the MLflow run; return its key."""
    page = render(report_data(parameters, store, version))
    key = f"runs/{parameters.prepared.identity}/report.html"
    store.put(key, page.encode())
    if version is not None:
        tracker = open_tracker(parameters.place.tracking)
        run = tracker.run(parameters.prepared.identity, parameters.model().metadata.name, {})
        run.log_artifact(store.local(key))
        run.finish()
    progress.update("report", 1, 1, "pages")
    return key


def report_data(
    parameters: register.Parameters, store: Store, version: Version | None
) -> ReportData:
    """Collect what the report says."""
    model, findings = parameters.model(), findings_of(store, parameters)
    prepared = open_prepared(store, parameters.prepared.prefix)
    decision = parameters.evaluated.decision
    return ReportData(
        name=model.metadata.name,
        task=model.spec.recipe.task.kind,
        identity=parameters.prepared.identity,
        finished=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        decision=Decision.model_validate(decision),
        registered=_registered(model, version, decision.promote),
        cross_fitted=findings.cross_fitted,
        split_decisions=1 + count_decision(store, parameters),
        notices=_notices(parameters, findings),
        asked=_asked(parameters, model),
        data=data_summary(prepared),
        drift=drift_of(with_features(parameters.prepared.drift, findings.feature_drift)),
        learning=_learning(parameters, store),
        tuning=_tuning(parameters.tuned, model.spec.recipe.metric),
        metrics=findings.metrics,
        threshold=findings.threshold,
        confusion=findings.confusion and Confusion.model_validate(findings.confusion),
        roc=tuple(Roc.model_validate(each) for each in findings.roc),
        calibration=findings.calibration and Calibration.model_validate(findings.calibration),
        residuals=findings.residuals and Residuals.model_validate(findings.residuals),
        mistakes=tuple(_mistake(prepared, row) for row in findings.worst),
        spent=_spent(parameters),
        efficiency=efficiency_view(parameters),
        lineage=_lineage(parameters),
    )


def _registered(model: Model, version: Version | None, promoted: bool) -> Registered | None:
    if version is None:
        return None
    alias = model.spec.promotion.alias if promoted else None
    return Registered(model=model.registered_model, version=str(version.number), alias=alias)


def _notices(parameters: register.Parameters, findings: Findings) -> tuple[str, ...]:
    trained = parameters.trained
    dependent = [
        f"{name} draws random numbers of its own: the result depends on the number of ranks"
        for name in trained.world_size_dependent
    ]
    leak = [findings.leak] if findings.leak else []
    return (*leak, *dependent, *trained.notices)[:50]


def _asked(parameters: register.Parameters, model: Model) -> Asked:
    from ruamel.yaml import YAML
    from ruamel.yaml.compat import StringIO

    text = StringIO()
    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    yaml.dump(json.loads(parameters.document), text)
    recipe = model.spec.recipe
    training = recipe.training
    facts = {
        "task": recipe.task.kind,
        "metric": recipe.metric,
        "features": recipe.features.network or "",
        "layers": " → ".join(layer.chosen()[0] for layer in recipe.network.layers) or "one linear",
        "optimizer": training.optimizer.chosen()[0],
        "batch": f"{training.global_batch} rows in {training.lane_count()} lanes",
        "ranks": str(parameters.trained.ranks),
    }
    summary = tuple(Fact(name=name, value=value) for name, value in facts.items() if value)
    return Asked(document=text.getvalue()[:40_000], summary=summary)


def _learning(parameters: register.Parameters, store: Store) -> Learning:
    trained = parameters.trained
    ended = "stopped early" if trained.stopped_early else "ran to its last epoch"
    sentence = (
        f"Training {ended} after {trained.steps:,} steps in {len(trained.history)} epochs on "
        f"{trained.ranks} rank{'s' if trained.ranks > 1 else ''}; the weights are those of "
        f"epoch {trained.best_epoch + 1}."
    )
    history = tuple(
        Epoch(epoch=each.epoch + 1, train=each.train, validation=each.validation)
        for each in trained.history
    )
    if trained.observed is not None:
        sentence += f" Beside it {trained.observed.sentence}."
    return Learning(
        history=history,
        observed=_observed(parameters, store),
        best_epoch=trained.best_epoch + 1,
        sentence=sentence,
    )


def _observed(parameters: register.Parameters, store: Store) -> tuple[Observation, ...]:
    """Place what the evaluator found on the axis of epochs; of its figures, those that are shown.

    These are the ones that the ring validates too, and the document's own metric.
    """
    trained, metric = parameters.trained, parameters.model().spec.recipe.metric
    findings = beside.findings_of(store, trained.model)
    if not trained.history or not findings:
        return ()
    first = trained.history[0]
    steps, shown = first.steps / (first.epoch + 1), {*first.validation, metric}
    return tuple(
        Observation(
            epoch=finding.step / steps,
            figures={name: value for name, value in finding.metrics.items() if name in shown},
        )
        for finding in findings[:: -(-len(findings) // 1_000)]
    )


def _tuning(tuned: Tuned, metric: str) -> Tuning | None:
    if not tuned.trials:
        return None
    trials = tuple(Trial.model_validate(trial) for trial in tuned.trials)
    chosen = next((t.number for t in trials if t.parameters == tuned.chosen), 0)
    return Tuning(
        metric=metric,
        higher_is_better=higher_is_better(metric),
        trials=trials[:500],
        chosen=chosen,
        sentence=tuned.sentence,
    )


def _mistake(prepared: Prepared, row: RowFinding) -> Mistake:
    picture = None
    columns: dict[str, str] = {}
    if prepared.manifest.kind == "images":
        picture = picture_of(prepared, row.split, row.position)
    else:
        frame = prepared.table(row.split)
        used = [name for name, column in prepared.manifest.columns.items() if column.used]
        columns = {name: str(frame.iloc[row.position][name]) for name in used[:8]}
    return Mistake(
        path=row.path,
        true=row.true,
        predicted=row.predicted,
        probability=row.probability,
        image=picture,
        columns=columns,
    )


def _spent(parameters: register.Parameters) -> tuple[Spent, ...]:
    spent = [
        Spent(phase=step, seconds=seconds)
        for step, seconds in program.seconds(parameters.place).items()
    ]
    trained = parameters.trained
    ring = [
        Spent(phase=phase, seconds=seconds, within="train")
        for phase, seconds in trained.seconds.items()
        if phase != "total" and trained.efficiency is None
    ]
    return (*spent, *ring)[:40]


def _lineage(parameters: register.Parameters) -> tuple[Fact, ...]:
    facts = {
        "identity": parameters.prepared.identity,
        "data digest": parameters.prepared.data_digest,
        "arrays": parameters.featurized.arrays,
        "weights": parameters.trained.model,
        "git commit": git_commit(Path(parameters.place.folder)) or "none",
        **library_versions(),
    }
    return tuple(Fact(name=name, value=value) for name, value in facts.items())
