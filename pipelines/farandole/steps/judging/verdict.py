"""How evaluate comes to its verdict: judge, compare, decide, and keep the evidence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from farandole.api import Recipe
from farandole.api.progress import Progress
from farandole.data.drift import DriftReport
from farandole.data.prepare import Prepared, open_prepared
from farandole.data.store import Store
from farandole.evaluation import leak
from farandole.evaluation.champion import ChampionComparison
from farandole.evaluation.comparison import compare
from farandole.evaluation.constant_predictor import constant
from farandole.evaluation.curves import Roc, calibration, confusion, residuals, roc, worst
from farandole.evaluation.decision import Decision, decide, refuse_not_finite
from farandole.evaluation.metric import metrics
from farandole.evaluation.predictions import HeldOut
from farandole.registry.champion import Champion
from farandole.steps import evaluate as step
from farandole.steps.fitting.fit import Fit
from farandole.steps.fitting.learning import Assignment
from farandole.steps.fitting.trained_model import load_fit
from farandole.steps.judging.contest import compare_with, only_data_changed
from farandole.steps.judging.feature_drift import feature_drift
from farandole.steps.judging.findings import Check, Findings, RowFinding
from farandole.steps.judging.judge import Judged, judge
from farandole.steps.prepare import builder
from farandole.steps.rows.arrays import SPLITS
from farandole.steps.rows.dataset import Dataset, open_dataset

CHECKED = 32  # test rows that the registered artifact must predict alike


def evaluate(
    parameters: step.Parameters, store: Store, champion: Champion | None, progress: Progress
) -> step.Outputs:
    """Judge the model of this run, decide, and keep the evidence under the run's identity."""
    recipe = parameters.recipe_tuned()
    prepared = open_prepared(store, parameters.prepared.prefix)
    splits = {
        split: open_dataset(
            store, parameters.featurized.arrays, prepared, recipe, split, whole=True
        )
        for split in SPLITS
    }
    classes = prepared.manifest.classes
    # Folds tune by themselves: they start from the document, not from what tune has chosen.
    declared = Assignment(parameters.recipe(), classes, Path(parameters.place.folder))
    chosen = replace(declared, recipe=recipe)
    train, validation = splits["train"], splits["validation"]
    fitted = load_fit(store, parameters.trained.model, chosen, train, validation)
    judged = judge(splits, fitted, prepared, declared, progress)
    decision = _decision(parameters, recipe, prepared, splits["test"], fitted, judged, champion)
    findings = _findings(recipe, classes, splits, fitted, judged, decision).model_copy(
        update={"feature_drift": _feature_drift(recipe, train, champion, progress)}
    )
    key = f"runs/{parameters.prepared.identity}/findings.json"
    store.put(key, findings.model_dump_json().encode())
    return _outputs(findings, classes, key)


def _decision(
    parameters: step.Parameters,
    recipe: Recipe,
    prepared: Prepared,
    test: Dataset,
    fitted: Fit,
    judged: Judged,
    champion: Champion | None,
) -> Decision:
    bad = int(
        (~np.isfinite(judged.said.model.values.reshape(len(judged.rows.rows), -1)))
        .any(axis=1)
        .sum()
    )
    if bad:
        return refuse_not_finite(len(judged.rows.rows), bad)
    promotion, held = parameters.model().spec.promotion, judged.rows.held_out()
    comparison = compare(
        recipe.metric,
        held,
        judged.said.model,
        judged.said.rivals,
        confidence=promotion.gate.confidence,
        seed=recipe.data.split.seed,
    )
    return decide(
        comparison,
        _against(parameters, recipe, prepared, test, fitted, champion),
        constant=constant(
            recipe.metric,
            held,
            judged.said.model,
            prepared.manifest.classes,
            judged.said.folds,
        ),
        manual=promotion.mode == "Manual",
    )


def _against(
    parameters: step.Parameters,
    recipe: Recipe,
    prepared: Prepared,
    test: Dataset,
    fitted: Fit,
    champion: Champion | None,
) -> ChampionComparison | None:
    if champion is None or champion.version.identity == parameters.prepared.identity:
        return None
    declared = parameters.recipe()  # not the tuned one: the champion's identity names a document
    return compare_with(
        champion,
        recipe,
        parameters.model().spec.promotion.gate,
        prepared,
        test,
        fitted,
        only_data_changed(
            champion.identity,
            champion.lineage.data_digest,
            declared,
            builder(declared, Path(parameters.place.folder)),
        ),
    )


def _feature_drift(
    recipe: Recipe, train: Dataset, champion: Champion | None, progress: Progress
) -> DriftReport | None:
    if champion is None or train.raw is None or train.x.ndim != 3:
        return None
    document = champion.lineage.document
    report = feature_drift(champion.statistics, document, recipe.features, train.x[0])
    for sentence in report.notices if report else ():
        progress.say(sentence)
    return report


def _findings(
    recipe: Recipe,
    classes: tuple[str, ...],
    splits: dict[str, Dataset],
    fitted: Fit,
    judged: Judged,
    decision: Decision,
) -> Findings:
    held, said = judged.rows.held_out(), judged.said.model
    finite = said.finite
    forward = splits["train"].transform.forward if recipe.data.target and not classes else None
    return Findings(
        decision=decision,
        metrics=metrics(recipe.task.kind, held, said, forward) if finite else {},
        cross_fitted=judged.reason,
        threshold=fitted.threshold,
        held_rows=held.rows,
        confusion=confusion(held, said, classes) if classes and finite else None,
        roc=roc(held, said, classes) if classes and finite else (),
        calibration=calibration(held, said, classes) if classes and finite else None,
        residuals=residuals(held, said) if not classes and finite else None,
        worst=_worst(splits, judged, held, classes) if finite else (),
        leak=_leak(recipe, held, judged),
        checks=_checks(fitted, splits["test"]),
    )


def _worst(
    splits: dict[str, Dataset], judged: Judged, held: HeldOut, classes: tuple[str, ...]
) -> tuple[RowFinding, ...]:
    places = {
        row.digest: (split, position)
        for split, rows in splits.items()
        for position, row in enumerate(rows.rows)
    }
    return tuple(
        _row(judged, held, classes, at, places) for at in worst(held, judged.said.model, 12)
    )


def _row(
    judged: Judged,
    held: HeldOut,
    classes: tuple[str, ...],
    at: int,
    places: dict[str, tuple[str, int]],
) -> RowFinding:
    row = judged.rows.rows[at]
    split, position = places[row.digest]
    values = judged.said.model.values[at]
    label = int(judged.said.model.labels[at]) if classes else 0
    return RowFinding(
        split=split,
        position=position,
        digest=row.digest,
        path=row.path,
        true=classes[int(held.y[at])] if classes else f"{held.y[at]:,.6g}",
        predicted=classes[label] if classes else f"{values:,.6g}",
        probability=float(values[label]) if classes else None,
    )


def _leak(recipe: Recipe, held: HeldOut, judged: Judged) -> str | None:
    said = {rival.name: rival.predictions for rival in judged.said.rivals}
    if leak.NAME not in said:
        return None
    return leak.leak_warning(recipe.metric, held, said[leak.NAME], said["dummy"])


def _checks(fitted: Fit, test: Dataset) -> tuple[Check, ...]:
    some = test.take(np.arange(min(CHECKED, len(test.rows))))
    values = fitted.predict(some).values.reshape(len(some.rows), -1)
    return tuple(
        Check(position=position, values=tuple(float(value) for value in row))
        for position, row in enumerate(values)
    )


def _roc_points(curves: tuple[Roc, ...]) -> tuple[tuple[float, float, float], ...]:
    """Return (false positive rate, true positive rate, threshold) of the first curve."""
    if not curves:
        return ()
    curve = curves[0]
    return tuple(
        zip(curve.false_positive_rate, curve.true_positive_rate, curve.threshold, strict=True)
    )


def _outputs(findings: Findings, classes: tuple[str, ...], key: str) -> step.Outputs:
    return step.Outputs(
        decision=findings.decision,
        metrics=findings.metrics,
        classes=classes,
        confusion=findings.confusion.counts if findings.confusion else (),
        roc=_roc_points(findings.roc),
        evidence=key,
    )
