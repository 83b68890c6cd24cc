from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farandole.networks.class_balance import class_weights


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=20).filter(any))
def test_balanced_classes_weigh_the_same_and_the_mean_row_weighs_one(counts: list[int]) -> None:
    weights = class_weights(dict(enumerate(counts)))
    totals = [weights[label] * count for label, count in enumerate(counts)]
    present = [total for total, count in zip(totals, counts, strict=True) if count]
    assert present == pytest.approx([sum(counts) / len(present)] * len(present))
    assert sum(totals) == pytest.approx(sum(counts))
