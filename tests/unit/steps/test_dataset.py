"""Rows of a memory map are copied only where some of them are left out."""

from __future__ import annotations

import numpy as np

from farandole.data.encoder import TargetTransform
from farandole.data.row import Row
from farandole.steps.rows.dataset import Dataset

ROWS = Dataset(
    x=np.arange(12.0).reshape(1, 4, 3),
    y=np.arange(4),
    weight=np.ones(4, np.float32),
    rows=tuple(Row(digest, digest, "", digest) for digest in "abcd"),
    transform=TargetTransform("none"),
)


def test_all_rows_in_order_are_the_same_rows() -> None:
    assert ROWS.take(np.arange(4)).x is ROWS.x


def test_some_rows_or_another_order_keep_what_belongs_together() -> None:
    for index in ([2, 0], [3, 2, 1, 0]):
        some = ROWS.take(np.array(index))
        assert some.y.tolist() == index
        assert some.x[0, :, 0].tolist() == [3.0 * at for at in index]
        assert [row.digest for row in some.rows] == ["abcd"[at] for at in index]
