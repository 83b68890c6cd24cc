"""Evaluation: exact metrics, baselines, intervals, and the decision they lead to.

Everything is a function of arrays that came from held-out rows. scikit-learn is imported when a
figure is first computed, never by importing this room.
"""

from farandole.evaluation.baselines import Baseline, fit_baseline, raw_pixels
from farandole.evaluation.champion import (
    ChampionComparison,
    against_champion,
    incomparable,
    not_comparable,
)
from farandole.evaluation.comparison import Comparison, Rival, Scored, compare
from farandole.evaluation.constant_predictor import constant
from farandole.evaluation.curves import (
    Calibration,
    Confusion,
    Residuals,
    Roc,
    calibration,
    confusion,
    residuals,
    roc,
    worst,
)
from farandole.evaluation.decision import Decision, Verdict, decide, refuse_not_finite
from farandole.evaluation.folding import folds, needs_cross_fitting
from farandole.evaluation.intervals import Interval, interval
from farandole.evaluation.leak import leak_warning, sizes
from farandole.evaluation.linear import TrainRows
from farandole.evaluation.metric import METRICS, Metric, higher_is_better, metrics, score
from farandole.evaluation.objective import Objective
from farandole.evaluation.overlap import refuse_overlap, unseen
from farandole.evaluation.predictions import HeldOut, Predictions
from farandole.evaluation.thresholds import threshold

__all__ = [
    "METRICS",
    "Baseline",
    "Calibration",
    "ChampionComparison",
    "Comparison",
    "Confusion",
    "Decision",
    "HeldOut",
    "Interval",
    "Metric",
    "Objective",
    "Predictions",
    "Residuals",
    "Rival",
    "Roc",
    "Scored",
    "TrainRows",
    "Verdict",
    "against_champion",
    "calibration",
    "compare",
    "confusion",
    "constant",
    "decide",
    "fit_baseline",
    "folds",
    "higher_is_better",
    "incomparable",
    "interval",
    "leak_warning",
    "metrics",
    "needs_cross_fitting",
    "not_comparable",
    "raw_pixels",
    "refuse_not_finite",
    "refuse_overlap",
    "residuals",
    "roc",
    "score",
    "sizes",
    "threshold",
    "unseen",
    "worst",
]
