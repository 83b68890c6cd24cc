"""Where a model errs: confusion matrix, ROC curves, calibration, residuals, worst rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from farandole.evaluation.predictions import Evidence, HeldOut, Numbers, Predictions
from farandole.evaluation.totals import errors, log_losses, weights

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_NOTHING = 2.0  # a threshold that no probability reaches; infinity is no JSON
_POINTS = 200  # of a curve that is drawn a few hundred pixels wide


class ClassReport(Evidence):
    """How well one class is found."""

    name: str = Field(description="The class.")
    precision: float = Field(description="Share of rows called so that are.")
    recall: float = Field(description="Share of its rows called so.")
    f1: float = Field(description="Harmonic mean of both.")
    rows: int = Field(description="Rows of the class.")


class Confusion(Evidence):
    """Counts of rows by true class (first) and predicted class (second)."""

    classes: tuple[str, ...] = Field(description="Class names, in order.")
    counts: tuple[tuple[int, ...], ...] = Field(description="Rows: [true][predicted].")
    each: tuple[ClassReport, ...] = Field(description="Precision and recall of every class.")


class Roc(Evidence):
    """One class against the rest."""

    name: str = Field(description="The class that counts as positive.")
    false_positive_rate: tuple[float, ...] = Field(description="Ascending, 0 to 1.")
    true_positive_rate: tuple[float, ...] = Field(description="At the same thresholds.")
    threshold: tuple[float, ...] = Field(description="Descending; above 1 nothing is positive.")
    area: float = Field(description="Area under the curve.")


class Bin(Evidence):
    """Rows whose stated probability falls between two bounds."""

    low: float = Field(description="Lower bound of the probability.")
    high: float = Field(description="Upper bound of the probability.")
    stated: float = Field(description="Mean probability stated.")
    observed: float = Field(description="Share of rows that were so.")
    rows: int = Field(description="Rows in the bin.")


class Calibration(Evidence):
    """Whether stated probabilities come true."""

    of: str = Field(description="Which probability: the second class's, or the predicted one's.")
    bins: tuple[Bin, ...] = Field(description="Bins that hold rows, ascending.")
    expected_error: float = Field(description="Mean gap of stated and observed, by rows.")


class Residuals(Evidence):
    """Predicted against true values, and how the errors spread, in original units."""

    true: tuple[float, ...] = Field(description="True values of a sample of rows.")
    predicted: tuple[float, ...] = Field(description="Predicted values of the same rows.")
    quantiles: dict[str, float] = Field(description="Quantiles of predicted minus true.")


def confusion(held: HeldOut, predicted: Predictions, classes: Sequence[str]) -> Confusion:
    """Count rows by true and predicted class, with precision and recall of each."""
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    labels, y = np.arange(len(classes)), held.y.astype(np.int64)
    counts = confusion_matrix(y, predicted.labels, labels=labels)
    figures = precision_recall_fscore_support(y, predicted.labels, labels=labels, zero_division=0.0)
    each = [
        ClassReport(name=name, precision=precision, recall=recall, f1=f1, rows=int(rows))
        for name, precision, recall, f1, rows in zip(classes, *figures, strict=True)
    ]
    return Confusion(
        classes=tuple(classes),
        counts=tuple(tuple(int(count) for count in row) for row in counts),
        each=tuple(each),
    )


def roc(held: HeldOut, predicted: Predictions, classes: Sequence[str]) -> tuple[Roc, ...]:
    """The ROC curve of the second of two classes, or of each of more against the rest.

    A class that no row has, or every row, has no curve.
    """
    columns = [1] if len(classes) == 2 else range(len(classes))
    present = [at for at in columns if 0 < np.count_nonzero(held.y == at) < held.rows]
    return tuple(_roc(held, predicted.values[:, at], at, classes[at]) for at in present)


def calibration(
    held: HeldOut, predicted: Predictions, classes: Sequence[str], bins: int = 10
) -> Calibration:
    """Reliability and expected calibration error (Naeini et al. 2015), equal-width bins.

    Of two classes the second's probability is judged; of more, the predicted class's.
    """
    if len(classes) == 2:
        of, stated, came = classes[1], predicted.values[:, 1], held.y == 1
    else:
        top = np.argmax(predicted.values, axis=1)
        of, stated, came = "the predicted class", predicted.values.max(axis=1), held.y == top
    place = np.minimum((stated * bins).astype(np.int64), bins - 1)
    found = [
        _bin(at / bins, (at + 1) / bins, stated[place == at], came[place == at])
        for at in np.unique(place)
    ]
    gaps = [each.rows * abs(each.stated - each.observed) for each in found]
    return Calibration(of=of, bins=tuple(found), expected_error=sum(gaps) / held.rows)


def residuals(held: HeldOut, predicted: Predictions, limit: int = 1000) -> Residuals:
    """Predicted against true values of at most `limit` rows, evenly spaced in their order."""
    shown = np.unique(np.linspace(0, held.rows - 1, min(held.rows, limit)).astype(np.int64))
    spread = np.quantile(errors(held, predicted), _QUANTILES)
    return Residuals(
        true=tuple(float(each) for each in held.y[shown].astype(np.float64)),
        predicted=tuple(float(each) for each in predicted.values[shown]),
        quantiles={f"{q:g}": float(at) for q, at in zip(_QUANTILES, spread, strict=True)},
    )


def worst(held: HeldOut, predicted: Predictions, limit: int = 24) -> list[int]:
    """Row numbers of the worst mistakes, the worst first.

    Classes: wrongly labelled rows by log loss. Values (`predicted.values` [n]): rows by
    absolute error.
    """
    if predicted.values.ndim == 1:
        badness = np.abs(errors(held, predicted))
    else:
        wrong = predicted.labels != held.y
        badness = np.where(wrong, log_losses(held, predicted), -np.inf)
    order = np.argsort(-badness, kind="stable")[:limit]
    return [int(row) for row in order if badness[row] > 0]


def _roc(held: HeldOut, probability: Numbers, positive: int, name: str) -> Roc:
    from sklearn.metrics import auc, roc_curve

    weight = weights(held)
    false, true, cuts = roc_curve(held.y == positive, probability, sample_weight=weight)
    shown = np.unique(np.linspace(0, len(false) - 1, min(len(false), _POINTS)).astype(np.int64))
    return Roc(
        name=name,
        false_positive_rate=tuple(float(each) for each in false[shown]),
        true_positive_rate=tuple(float(each) for each in true[shown]),
        threshold=tuple(float(each) for each in np.minimum(cuts[shown], _NOTHING)),
        area=float(auc(false, true)),
    )


def _bin(low: float, high: float, stated: Numbers, came: Numbers) -> Bin:
    return Bin(
        low=low,
        high=high,
        stated=float(stated.mean()),
        observed=float(came.mean()),
        rows=len(stated),
    )
