from __future__ import annotations

from math import inf, nan

from farandole.flows.drawing import draw_confusion, draw_metrics, draw_roc


class Artifact:
    def __init__(self) -> None:
        self.metrics: dict[str, float] = {}
        self.points: list[tuple[float, float, float]] = []
        self.confusion: list[list[int]] | None = None

    def log_metric(self, metric: str, value: float) -> None:
        self.metrics[metric] = value

    def log_confusion_matrix(self, categories: list[str], matrix: list[list[int]]) -> None:
        assert len(categories) == len(matrix)
        self.confusion = matrix

    def log_roc_data_point(self, fpr: float, tpr: float, threshold: float) -> None:
        self.points.append((fpr, tpr, threshold))


def test_only_finite_metrics_reach_the_ui() -> None:
    artifact = Artifact()
    draw_metrics({"accuracy": 0.9, "logLoss": inf, "rocAuc": nan}, artifact)
    assert artifact.metrics == {"accuracy": 0.9}


def test_a_curve_begins_at_its_first_finite_threshold() -> None:
    artifact = Artifact()
    draw_roc([(0.0, 0.0, inf), (0.0, 0.5, 0.9), (1.0, 1.0, 0.1)], artifact)
    assert artifact.points == [(0.0, 0.5, 0.9), (1.0, 1.0, 0.1)]


def test_a_regression_has_no_confusion_matrix() -> None:
    artifact = Artifact()
    draw_confusion((), (), artifact)
    assert artifact.confusion is None
    draw_confusion(("cat", "dog"), ((3, 1), (0, 4)), artifact)
    assert artifact.confusion == [[3, 1], [0, 4]]
