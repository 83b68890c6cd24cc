"""Evaluation: exact metrics, baselines, intervals, and the decision they lead to."""
