"""Tables are split and written like images: by row, by group, by date, or as given."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from farandole.api.data import Data, Dates, Given, Split
from farandole.api.errors import DataError
from farandole.data.folder_store import FolderStore
from farandole.data.prepare import Prepared, prepare

ROWS = 300


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def table(seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": draw.normal(100, 20, ROWS).round(3),
            "kind": draw.choice(["house", "flat"], ROWS),
            "price": draw.normal(500, 80, ROWS).round(2),
            "sold": draw.choice(["yes", "no"], ROWS),
            "seller": draw.choice([f"seller {n}" for n in range(60)], ROWS),
            "day": pd.date_range("2024-01-01", periods=ROWS, freq="D").strftime("%Y-%m-%d"),
            "side": draw.choice(["train", "validation", "test"], ROWS),
        }
    )


def prepared(
    frame: pd.DataFrame, store: FolderStore, target: str, kind: str, **more: object
) -> Prepared:
    folder = store.folder.parent
    frame.to_csv(folder / "houses.csv", index=False)
    data = Data.model_validate({"table": "houses.csv", "target": {"column": target}, **more})
    return prepare(data, kind, folder, store)


def test_a_classification_is_split_with_its_classes(store: FolderStore) -> None:
    data = prepared(table(), store, "sold", "TabularClassification")
    assert data.manifest.kind == "table"
    assert data.manifest.classes == ("no", "yes")
    for split, part in data.manifest.splits.items():
        frame = data.table(split)
        rows = data.rows(split)
        assert part.rows == len(frame) == len(rows)
        assert frame["sold"].value_counts().to_dict() == part.counts
        assert frame["__digest"].tolist() == [row.digest for row in rows]
        assert frame["__cluster"].tolist() == [row.cluster for row in rows]
        assert frame["sold"].tolist() == [row.label for row in rows]
        assert rows[0].path.startswith("houses.csv:")
    assert sum(part.rows for part in data.manifest.splits.values()) == ROWS
    assert set(data.manifest.columns) == set(table().columns)


def test_a_regression_has_no_classes_and_its_values_as_labels(store: FolderStore) -> None:
    data = prepared(table(), store, "price", "TabularRegression")
    assert data.manifest.classes == ()
    assert data.manifest.splits["train"].counts == {}
    assert data.rows("test")[0].label == data.table("test")["price"][0]
    assert "target" in data.manifest.statistics


def test_the_order_of_lines_and_the_format_of_the_file_do_not_matter(store: FolderStore) -> None:
    data = prepared(table(), store, "sold", "TabularClassification")
    shuffled = table().sample(frac=1, random_state=0, ignore_index=True)
    shuffled.to_parquet(store.folder.parent / "houses.parquet")
    declared = Data.model_validate({"table": "houses.parquet", "target": {"column": "sold"}})
    again = prepare(declared, "TabularClassification", store.folder.parent, store)
    assert again.prefix == data.prefix


def test_equal_features_lie_on_one_side_whatever_their_target(store: FolderStore) -> None:
    frame = pd.concat([table(), table().assign(sold="maybe")])
    data = prepared(frame, store, "sold", "TabularClassification")
    sides = {
        split: {row.cluster for row in data.rows(split)}
        for split in ("train", "validation", "test")
    }
    assert not sides["train"] & sides["test"]
    assert data.manifest.duplicates.excluded == ()
    assert len(sides["train"] | sides["validation"] | sides["test"]) == ROWS


def test_groups_stay_together_and_are_no_feature(store: FolderStore) -> None:
    split = Split(group="seller")
    data = prepared(table(), store, "sold", "TabularClassification", split=split)
    sellers = [set(data.table(name)["seller"]) for name in data.manifest.splits]
    assert sum(map(len, sellers)) == len(set.union(*sellers))
    assert data.manifest.columns["seller"].role == "split"


def test_dates_split_a_table_by_time(store: FolderStore) -> None:
    dates = Dates(column="day", validation_from="2024-07-01", test_from="2024-09-01")
    data = prepared(table(), store, "price", "TabularRegression", split=Split(dates=dates))
    assert data.table("train")["day"].max() < "2024-07-01"
    assert data.table("test")["day"].min() >= "2024-09-01"


def test_a_column_gives_the_split(store: FolderStore) -> None:
    split = Split(given=Given(column="side"))
    data = prepared(table(), store, "sold", "TabularClassification", split=split)
    for name in data.manifest.splits:
        assert set(data.table(name)["side"]) == {name}


def test_a_column_with_another_value_is_listed_by_line(store: FolderStore) -> None:
    frame = table()
    frame.loc[4, "side"] = "dev"
    with pytest.raises(DataError, match=r"houses.csv:6: 'dev'"):
        prepared(
            frame, store, "sold", "TabularClassification", split=Split(given=Given(column="side"))
        )


def test_a_missing_table_names_its_field(store: FolderStore) -> None:
    data = Data.model_validate({"table": "gone.csv", "target": {"column": "sold"}})
    with pytest.raises(DataError, match=r"data.table: expected a file at .*gone.csv, found none"):
        prepare(data, "TabularClassification", store.folder.parent, store)
