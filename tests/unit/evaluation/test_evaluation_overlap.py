"""What was fitted may not have seen what it is tested on."""

import pytest

from farandole.api.errors import DataError
from farandole.evaluation import refuse_overlap, unseen


def test_rows_apart_are_accepted() -> None:
    refuse_overlap(["a", "b"], ["c", "d"])


def test_a_row_that_was_seen_is_refused_by_its_digest() -> None:
    with pytest.raises(DataError, match=r"received 1 of 2: b; .*prepare the data again"):
        refuse_overlap(iter(["a", "b"]), iter(["b", "c"]))


def test_many_are_counted_and_a_few_listed() -> None:
    rows = [f"digest-{row}" for row in range(100)]
    with pytest.raises(DataError, match=r"100 of 100: digest-0, .*, \.\.\.;"):
        refuse_overlap(rows, rows)


def test_rows_that_the_champion_has_not_seen_are_marked() -> None:
    assert unseen(["a", "b", "c"], {"b"}).tolist() == [True, False, True]
