"""A row's split is its own affair: growth moves no row, and what belongs together stays so."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farandole.api.data import Dates, Folders, Fractions, Given, Split
from farandole.api.errors import DataError
from farandole.data.split import SPLITS, Mark, assign

contents = st.lists(st.text(min_size=1), unique=True, max_size=40)
seeds = st.integers(0, 2**31 - 1)
FOLDERS = Given(folders=Folders())


def marks(keys: list[str], **more: str) -> list[Mark]:
    return [Mark(path=f"row {key}", content=key, **more) for key in keys]


def many(count: int) -> list[Mark]:
    return marks([f"key {number}" for number in range(count)])


@given(contents, contents, seeds)
def test_rows_that_are_added_or_removed_move_no_other(
    before: list[str], added: list[str], seed: int
) -> None:
    split = Split(seed=seed)
    grown = list(dict.fromkeys([*added, *before]))
    sides = dict(zip(grown, assign(marks(grown), split), strict=True))
    assert assign(marks(before), split) == [sides[key] for key in before]


@given(contents, seeds, st.randoms())
def test_the_order_of_rows_does_not_matter(keys: list[str], seed: int, random: object) -> None:
    split = Split(seed=seed)
    sides = dict(zip(keys, assign(marks(keys), split), strict=True))
    backwards = keys[::-1]
    assert assign(marks(backwards), split) == [sides[key] for key in backwards]


def test_shares_come_out_about_as_asked() -> None:
    fractions = Fractions(train=0.6, validation=0.3, test=0.1)
    counts = Counter(assign(many(20_000), Split(fractions=fractions)))
    for name in SPLITS:
        assert counts[name] / 20_000 == pytest.approx(getattr(fractions, name), abs=0.01)


def test_another_seed_is_another_split() -> None:
    assert assign(many(100), Split(seed=1)) != assign(many(100), Split(seed=2))


@given(st.lists(st.sampled_from("abcdef"), min_size=1), seeds)
def test_rows_of_a_group_stay_together(groups: list[str], seed: int) -> None:
    rows = [Mark(f"row {n}", f"content {n}", group=group) for n, group in enumerate(groups)]
    sides = zip(groups, assign(rows, Split(seed=seed, group="who")), strict=True)
    assert len(set(sides)) == len(set(groups))


def test_a_row_without_a_group_is_named() -> None:
    rows = [*marks(["a"], group="ann"), *marks(["b"], group="")]
    with pytest.raises(DataError, match=r"of 'who' in every row, found none in 1 rows:\n  row b"):
        assign(rows, Split(group="who"))


def test_a_given_split_is_taken() -> None:
    rows = [Mark(name, name, given=name) for name in SPLITS]
    assert assign(rows, Split(given=FOLDERS)) == list(SPLITS)


def test_validation_that_is_not_given_is_carved_from_train_by_the_fractions() -> None:
    rows = [*marks([f"key {n}" for n in range(10_000)], given="train"), *marks(["t"], given="test")]
    split = Split(given=FOLDERS, fractions=Fractions(train=0.6, validation=0.2, test=0.2))
    counts = Counter(assign(rows, split))
    assert counts["test"] == 1
    assert counts["validation"] / 10_000 == pytest.approx(0.25, abs=0.02)


def test_a_given_split_of_another_name_is_listed() -> None:
    rows = [*marks(["a"], given="train"), *marks(["b"], given="dev"), *marks(["c"])]
    with pytest.raises(DataError, match="for 2 rows:\n  row b: 'dev'\n  row c: None"):
        assign(rows, Split(given=Given(column="set")))


def dated(*days: str | None) -> list[str]:
    split = Split(dates=Dates(column="day", validation_from="2024-02-01", test_from="2024-03-01"))
    return assign([Mark(f"row {day}", "x", date=day) for day in days], split)


def test_dates_split_at_fixed_days() -> None:
    days = ["2023-12-31", "2024-01-31T23:59:59", "2024-02-01", "2024-02-29", "2024-03-01T00:00:00Z"]
    assert dated(*days) == ["train", "train", "validation", "validation", "test"]


def test_rows_without_a_date_are_listed() -> None:
    with pytest.raises(DataError, match="in 2 rows:\n  row soon: 'soon'\n  row None: None"):
        dated("2024-02-01", "soon", None)
