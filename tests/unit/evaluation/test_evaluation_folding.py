"""Folds: every row is held out once, clusters stay whole, classes are spread."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farandole.evaluation import folds, needs_cross_fitting

ROWS = st.lists(
    st.tuples(st.integers(0, 20).map("group {}".format), st.sampled_from("abc")), max_size=80
)


@given(rows=ROWS, seed=st.integers(0, 5))
def test_a_cluster_never_spans_folds_and_every_row_has_one(
    rows: list[tuple[str, str]], seed: int
) -> None:
    groups = [group for group, _ in rows]
    found = folds(groups, [label for _, label in rows], seed=seed)
    assert len(found) == len(rows)
    assert set(found.tolist()) <= set(range(5))
    assert len({*zip(groups, found.tolist(), strict=True)}) == len(set(groups))


@given(rows=ROWS, data=st.data())
def test_the_order_of_rows_moves_no_row(rows: list[tuple[str, str]], data: st.DataObject) -> None:
    def fold_of(rows: list[tuple[str, str]]) -> dict[str, int]:
        groups = [group for group, _ in rows]
        found = folds(groups, [label for _, label in rows])
        return dict(zip(groups, found.tolist(), strict=True))

    assert fold_of(rows) == fold_of(data.draw(st.permutations(rows)))


def test_every_fold_holds_each_class_alike() -> None:
    labels = ["animals"] * 127 + ["food"] * 50 + ["plants"] * 38
    found = folds([f"row {row}" for row in range(215)], labels)
    for label in set(labels):
        rows = Counter(found[np.array(labels) == label].tolist())
        assert max(rows.values()) - min(rows.values()) <= 1
    assert max(Counter(found.tolist()).values()) - min(Counter(found.tolist()).values()) <= 1


def test_another_seed_deals_other_folds() -> None:
    groups = [f"row {row}" for row in range(50)]
    assert folds(groups, seed=0).tolist() != folds(groups, seed=1).tolist()


def test_enough_rows_need_no_cross_fitting() -> None:
    assert needs_cross_fitting(200, {"a": 20, "b": 180}) is None
    assert needs_cross_fitting(200) is None


@pytest.mark.parametrize(
    "rows, classes, because",
    [
        (32, {"a": 16, "b": 16}, "the test split has 32 rows, fewer than 200"),
        (500, {"rare": 19, "b": 481}, "fewer than 20 rows of rare (19)"),
        (199, None, "the test split has 199 rows, fewer than 200"),
        (0, {}, "the test split has 0 rows"),
    ],
)
def test_too_few_rows_are_given_as_the_reason(
    rows: int, classes: dict[str, int] | None, because: str
) -> None:
    reason = needs_cross_fitting(rows, classes)
    assert reason is not None
    assert because in reason
    assert reason.startswith("Evaluated by 5-fold cross-fitting, every row held out once, because")
