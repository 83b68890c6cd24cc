"""What the Kubeflow UI draws of an evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Protocol


class MetricsArtifact(Protocol):
    """Kubeflow's `Metrics`."""

    def log_metric(self, metric: str, value: float) -> None:
        """Keep one number."""


class CurvesArtifact(Protocol):
    """Kubeflow's `ClassificationMetrics`."""

    def log_confusion_matrix(self, categories: list[str], matrix: list[list[int]]) -> None:
        """Keep a confusion matrix."""

    def log_roc_data_point(self, fpr: float, tpr: float, threshold: float) -> None:
        """Keep one point of the curve."""


def draw_metrics(metrics: Mapping[str, float], artifact: MetricsArtifact) -> None:
    """Hand over every finite metric: NaN is no JSON, and the UI then shows none at all."""
    for name, value in metrics.items():
        if isfinite(value):
            artifact.log_metric(name, value)


def draw_confusion(
    classes: Sequence[str], matrix: Iterable[Iterable[int]], artifact: CurvesArtifact
) -> None:
    """Hand over the confusion matrix, if the task has one; rows are the true classes."""
    if classes:
        artifact.log_confusion_matrix(list(classes), [list(row) for row in matrix])


def draw_roc(points: Iterable[tuple[float, float, float]], artifact: CurvesArtifact) -> None:
    """Hand over (false positive rate, true positive rate, threshold) where all are finite.

    An infinite threshold breaks the UI's curve: kubeflow/pipelines#10208.
    """
    for false_positives, true_positives, threshold in points:
        if isfinite(threshold):
            artifact.log_roc_data_point(false_positives, true_positives, threshold)
