from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farandole.data.drift import DriftReport, compare, statistics

ROWS = 4000
KINDS = {"x": "numeric", "c": "categorical", "d": "datetime"}


def column(values: Any, kind: str = "numeric") -> dict[str, Any]:
    return statistics(frame=pd.DataFrame({"x": values}), kinds={"x": kind})


def drift(then: Any, now: Any, kind: str = "numeric") -> Any:
    return compare(column(then, kind), column(now, kind)).columns["x"]


def normal(seed: int, mean: float = 0.0, rows: int = ROWS) -> Any:
    return np.random.default_rng(seed).normal(mean, 1.0, rows)


def test_the_same_rows_have_not_drifted() -> None:
    summary = statistics(
        frame=pd.DataFrame({"x": [1, 2, None], "c": ["a", None, "b"], "d": ["2024-01-01"] * 3}),
        kinds=KINDS,
        labels=["cat", "dog", "cat"],
        values=[1.0, 2.0, 3.0],
        features=np.eye(3),
    )

    report = compare(summary, json.loads(json.dumps(summary, allow_nan=False)))

    assert report.notices == ()
    assert [each.psi for each in report.columns.values()] == [0.0, 0.0, 0.0]
    assert report.features is not None
    assert report.features.shift == 0.0


def test_the_index_is_that_of_the_exact_bins() -> None:
    then, now = normal(0), normal(1, mean=0.5)
    edges = np.quantile(then, np.arange(1, 10) / 10)
    shares = [
        np.bincount(np.searchsorted(edges, values), minlength=10) / ROWS for values in (then, now)
    ]
    exact = np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0]))

    assert drift(then, now).psi == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize(
    "mean, reading", [(0.0, "stable"), (0.2, "stable"), (0.4, "shifted"), (1.0, "far off")]
)
def test_a_moved_column_is_read_by_its_index(mean: float, reading: str) -> None:
    assert drift(normal(0), normal(1, mean)).reading == reading


def test_few_rows_alone_are_no_drift() -> None:
    found = [drift(normal(2 * i, rows=40), normal(2 * i + 1, rows=40)) for i in range(50)]

    assert sum(each.psi > 0.25 for each in found) > 10
    assert sum(each.reading != "stable" for each in found) <= 3


def test_a_column_that_is_missing_more_often_has_drifted() -> None:
    values = normal(0)

    assert drift(values, np.where(np.arange(ROWS) % 3 == 0, np.nan, values)).reading == "far off"
    assert drift(values, np.full(ROWS, np.nan)).reading == "far off"


def test_discrete_numbers_are_compared_value_by_value() -> None:
    assert drift([0] * 900 + [1] * 100, [0] * 500 + [1] * 500).reading == "far off"
    assert drift([0, 1] * 500, [0, 2] * 500).reading == "far off"


def test_a_year_later_is_drift_in_a_date() -> None:
    then = pd.date_range("2023-01-01", periods=365).astype(str)
    now = pd.date_range("2024-01-01", periods=365).astype(str)

    assert drift(then, now, "datetime").reading == "far off"


def test_new_and_vanished_categories_are_named() -> None:
    found = drift(["a"] * 50 + ["b"] * 50, ["a"] * 50 + ["c"] * 50, "categorical")

    assert (found.appeared, found.vanished, found.reading) == (("c",), ("b",), "far off")


def test_many_rare_categories_are_one_share() -> None:
    then = [f"word {i}" for i in range(1000)]
    now = [f"other word {i}" for i in range(1000)]

    assert drift(then, then, "categorical").psi == 0.0
    assert drift(then, now, "categorical").vanished == ()


def test_classes_are_compared_and_named() -> None:
    report = compare(
        statistics(labels=["cat"] * 500 + ["dog"] * 500),
        statistics(labels=["cat"] * 100 + ["dog"] * 800 + ["cow"] * 100),
    )

    assert report.classes is not None
    assert report.classes.appeared == ("cow",)
    assert report.notices[0].startswith("the mix of classes is far off")
    assert "the mix of classes has values the champion never saw: cow" in report.notices


def test_moved_features_are_told_in_standard_deviations() -> None:
    rng = np.random.default_rng(0)
    then, now = rng.normal(3, 2, (500, 8)), rng.normal(4, 2, (400, 8))

    report = compare(statistics(features=then), statistics(features=now))

    assert report.features is not None
    assert report.features.shift == pytest.approx(0.5, abs=0.1)
    assert "moved by 0.5" in report.notices[0]
    assert compare(statistics(features=then[:250]), statistics(features=then[250:])).notices == ()


def test_columns_and_targets_that_came_and_went_are_named() -> None:
    before = statistics(
        frame=pd.DataFrame({"a": [1.0], "b": [1.0]}), kinds={"a": "numeric", "b": "numeric"}
    )
    after = statistics(
        frame=pd.DataFrame({"a": [1.0], "c": [1.0]}), kinds={"a": "numeric", "c": "numeric"}
    )

    report = compare(before, after)

    assert (report.appeared, report.vanished) == (("c",), ("b",))
    assert list(report.columns) == ["a"]
    assert "column 'b' is gone since the champion was trained" in report.notices


def test_what_only_one_side_knows_is_not_compared() -> None:
    rich = statistics(labels=["a", "b"], features=np.eye(2), values=[1.0, 2.0])

    assert compare(rich, statistics()) == compare(statistics(), rich) == DriftReport()
    assert compare(statistics(features=np.eye(2)), statistics(features=np.eye(3))) == DriftReport()


FLOATS = st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=300)


@settings(max_examples=40, deadline=None)
@given(FLOATS, FLOATS)
def test_an_index_is_finite_and_never_below_zero(
    then: list[float | None], now: list[float | None]
) -> None:
    found = drift(np.array(then, float), np.array(now, float))

    assert 0 <= found.psi < 1000
    assert DriftReport.model_validate_json(
        compare(column(np.array(then, float)), column(np.array(now, float))).model_dump_json()
    )
