from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from farandole.ring.feed import Feed
from farandole.ring.lanes import MISSING, Lanes, lanes_of
from farandole.ring.learner import Rows


def rows(count: int, copies: int = 1) -> Rows:
    x = np.arange(copies * count * 2, dtype=np.float32).reshape(copies, count, 2)
    return Rows(
        x, np.arange(count), np.full(count, 0.5, np.float32), [str(i) for i in range(count)]
    )


def test_a_share_holds_each_rows_own_values() -> None:
    made = rows(40, copies=3)
    share = Feed(made, Lanes(40, 8, 4), (1, 2), seed=7).share(epoch=2, step=1)
    assert share.x.shape == (4, 2)
    for x, y, position in zip(share.x, share.y, share.positions, strict=True):
        assert y == position
        assert x.tolist() in made.x[:, position].tolist()
    assert share.weight.tolist() == [0.5] * 4


def test_a_missing_place_is_zeros_of_weight_zero_even_where_row_zero_is_nan() -> None:
    made = rows(3)
    made.x[0, 0] = np.nan
    share = Feed(made, Lanes(3, 8, 8), tuple(range(8)), seed=7).share(0, 0)
    missing = share.positions == MISSING
    assert missing.sum() == 5
    assert not share.x[missing].any()
    assert not share.weight[missing].any()
    assert share.weight.dtype == np.float32


@given(st.integers(1, 60), st.integers(1, 4), st.integers(1, 6), st.integers(0, 5))
def test_ranks_see_together_what_one_rank_sees_alone(
    count: int, copies: int, ranks: int, epoch: int
) -> None:
    lanes = Lanes(count, 12, 6)
    made = rows(count, copies)
    alone = Feed(made, lanes, tuple(range(6)), seed=3)
    feeds = [Feed(made, lanes, lanes_of(rank, ranks, 6), seed=3) for rank in range(ranks)]
    for step in range(lanes.steps):
        together = [feed.share(epoch, step) for feed in feeds]
        whole = alone.share(epoch, step)
        np.testing.assert_array_equal(np.concatenate([s.x for s in together]), whole.x)
        np.testing.assert_array_equal(np.concatenate([s.weight for s in together]), whole.weight)


def test_rows_in_a_read_only_memory_map_are_left_as_they_are(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", rows(3).x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    made = Rows(mapped, np.arange(3), np.ones(3, np.float32), ["a", "b", "c"])
    Feed(made, Lanes(3, 4, 4), (0, 1, 2, 3), seed=1).share(0, 0)
    np.testing.assert_array_equal(mapped, rows(3).x)
