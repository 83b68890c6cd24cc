from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farandole.api import (
    Column,
    Data,
    DataError,
    Dates,
    Given,
    Limits,
    Log,
    Split,
    Target,
    Transform,
)
from farandole.data.encoder import Encoder
from farandole.data.tables import TableRead, read_table

CLASSES, VALUES = "TabularClassification", "TabularRegression"


def data(**more: Any) -> Data:
    return Data(**{"table": "houses.csv", "target": Target(column="price"), **more})


def read(folder: Path, content: str | bytes, task: str = VALUES, **more: Any) -> TableRead:
    path = folder / "houses.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(path, data(**more), task)


def lines(rows: int, **columns: Any) -> str:
    """Write a CSV of columns, each a function of the row's number."""
    header = ",".join(columns)
    return "\n".join(
        [header, *(",".join(str(c(i)) for c in columns.values()) for i in range(rows))]
    )


def varied(row: int) -> float:
    return row * 37 % 11 + 0.5


def test_a_table_is_read_with_its_kinds(tmp_path: Path) -> None:
    table = read(
        tmp_path,
        "area,style,sold,price\n1.5,cabin,2024-01-31,10\n2,villa,2024-02-01,20\n,,,30\n",
    )

    assert table.kinds == {"area": "numeric", "style": "categorical", "sold": "datetime"}
    assert table.frame["area"].tolist()[:2] == [1.5, 2.0]
    assert table.frame["style"].dropna().tolist() == ["cabin", "villa"]
    assert table.frame["price"].tolist() == [10.0, 20.0, 30.0]
    assert table.places == ("houses.csv:2", "houses.csv:3", "houses.csv:4")
    assert table.columns["price"].role == "target"
    area = table.columns["area"]
    assert (area.missing, area.distinct, area.examples) == (1, 2, ("1.5", "2"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [["name, or title", "area", "price"], ["a;b|c", "1,5", "1"], ["d\te", "2,5", "2"]]
    content = "\n".join(delimiter.join(f'"{value}"' for value in row) for row in rows)

    table = read(tmp_path, content)

    assert list(table.frame) == ["name, or title", "area", "price"]
    assert table.frame["area"].tolist() == ["1,5", "2,5"]


def test_quotes_line_breaks_blank_lines_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    content = '\ufeffnote,price\r\n"a ""b"",\nc",1\r\n\r\nd,2\r\n'

    table = read(tmp_path, content)

    assert table.frame["note"].tolist() == ['a "b",\nc', "d"]
    assert table.places == ("houses.csv:2", "houses.csv:5")


def test_ragged_lines_are_listed_and_bounded(tmp_path: Path) -> None:
    content = "area,price\n1,2\n3\n4,5\n6,7,8\n"

    with pytest.raises(DataError, match=r"2 of 4 rows.*50.00%.*accepts 0.00%") as error:
        read(tmp_path, content)
    assert "houses.csv:3: expected 2 values, received 1" in str(error.value)

    table = read(tmp_path, content, limits=Limits(undecodable=0.5))
    assert [(each.path, each.reason) for each in table.skipped] == [
        ("houses.csv:3", "expected 2 values, received 1"),
        ("houses.csv:5", "expected 2 values, received 3"),
    ]
    assert table.places == ("houses.csv:2", "houses.csv:4")


def test_rows_without_a_target_are_listed_and_bounded(tmp_path: Path) -> None:
    content = "area,price\n1,2\n3,\n4,NaN\n6,7\n5,cheap\n"

    with pytest.raises(DataError, match="3 of 5 rows"):
        read(tmp_path, content)

    table = read(tmp_path, content, limits=Limits(undecodable=0.6))
    assert [(each.path, each.reason) for each in table.skipped] == [
        ("houses.csv:3", "the target 'price' is missing"),
        ("houses.csv:4", "the target 'price' is missing"),
        ("houses.csv:6", "the target 'price' is 'cheap', which is no number"),
    ]
    assert table.frame["area"].tolist() == [1.0, 6.0]


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "header of column names, received an empty file"),
        (b"area,price\n", "expected rows below the header, found none"),
        (b"area,area,,price\n1,2,3,4\n", r"(?s)name of its own.*'area' stands there 2 times"),
        (b"area,price\n1,2\nd\xe9j\xe0,3\n", "houses.csv:3: expected text in UTF-8.*0xe9"),
        ("area,price\n1,2".encode("utf-16"), "received UTF-16"),
        (b'area,price\n1,2\n"3,4\n5,6\n', "houses.csv:3: expected quotes that are closed"),
        (b"PAR1 and then nothing of the kind", "begins as Parquet and cannot be read"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, content)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data.table: .*missing.csv: No such file"):
        read_table(tmp_path / "missing.csv", data(), VALUES)


def test_all_columns_that_are_not_there_are_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        read(
            tmp_path,
            "area,prices,weight\n1,2,3\n",
            weight="wieght",
            columns={"arae": Column(kind="numeric")},
            split=Split(group="owner"),
        )

    message = str(error.value)
    assert "data.target.column" in message
    assert "received 'price'; did you mean 'prices'?" in message
    assert "data.weight: expected a column of the table, received 'wieght'; did you mean" in message
    assert "data.columns.arae" in message
    assert "data.split.group: expected a column of the table, received 'owner'\n" in message
    assert "The columns are 'area', 'prices', 'weight'." in message


@pytest.mark.parametrize(
    "content, task, message",
    [
        ("a,price\n1,2\n2,2\n", VALUES, "at least two different values.*nothing to learn"),
        ("a,price\n1,x\n2,x\n", CLASSES, "at least two different values.*received 'x'"),
        ("a,price\n1,\n2,NA\n", CLASSES, "all are missing"),
        ("a,price\n1,x\n2,y\n", VALUES, "expected numbers in 'price'.*TabularClassification"),
        (lines(50, a=varied, price=float), CLASSES, "expected classes.*50 .*TabularRegression"),
    ],
)
def test_a_target_that_cannot_be_learnt_is_refused(
    tmp_path: Path, content: str, task: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, content, task)


def test_a_target_without_a_logarithm_is_listed(tmp_path: Path) -> None:
    target = Target(column="price", transform=Transform(log=Log()))

    with pytest.raises(DataError, match=r"(?s)above 0, in 2 rows.*houses.csv:3: 0.*csv:4: -1"):
        read(tmp_path, "area,price\n1,2\n2,0\n3,-1\n", target=target)


@pytest.mark.parametrize("weight", ["", "-1", "heavy", "inf"])
def test_a_weight_that_is_none_is_listed(tmp_path: Path, weight: str) -> None:
    with pytest.raises(DataError, match=r"(?s)number >= 0 in every row of 'w', found 1.*csv:3"):
        read(tmp_path, f"a,w,price\n1,1,2\n2,{weight},3\n", weight="w")


def test_weights_are_numbers_and_no_feature(tmp_path: Path) -> None:
    table = read(tmp_path, "a,w,price\n1,0,2\n2,0.5,3\n", weight="w")

    assert table.frame["w"].tolist() == [0.0, 0.5]
    assert list(table.kinds) == ["a"]
    with pytest.raises(DataError, match="expected a row that counts"):
        read(tmp_path, "a,w,price\n1,0,2\n2,0,3\n", weight="w")


def test_columns_that_tell_rows_apart_and_constant_ones_are_left_out(tmp_path: Path) -> None:
    content = lines(
        40,
        id=lambda i: i + 1000,
        name=lambda i: f"house {i}",
        country=lambda _: "FR",
        nothing=lambda _: "",
        area=varied,
        price=varied,
    )

    table = read(tmp_path, content)

    kinds = {name: column.kind for name, column in table.columns.items()}
    assert kinds["id"] == kinds["name"] == "idLike"
    assert kinds["country"] == kinds["nothing"] == "constant"
    assert list(table.frame) == ["area", "price"]
    said = "\n".join(table.notices)
    assert "column 'id' is a whole number that grows from row to row" in said
    assert "column 'name' has 40 different values in 40 rows" in said
    assert "column 'country' is 'FR' in every row" in said
    assert "column 'nothing' has no values" in said


def test_the_document_says_what_a_column_is(tmp_path: Path) -> None:
    content = lines(40, id=lambda i: i, zip=lambda i: 75000 + i % 3, area=varied, price=varied)
    columns = {
        "id": Column(kind="numeric"),
        "zip": Column(kind="categorical"),
        "area": Column(kind="ignore"),
    }

    table = read(tmp_path, content, columns=columns)

    assert table.kinds == {"id": "numeric", "zip": "categorical"}
    assert table.columns["area"].declared
    assert table.frame["zip"].tolist()[:2] == ["75000", "75001"]


def test_a_mixed_column_goes_by_its_share_of_numbers(tmp_path: Path) -> None:
    def mostly(share: int) -> Any:
        return lambda i: "n.a." if i % 100 >= share else i * 7 % 5

    content = lines(200, a=mostly(97), b=mostly(60), c=mostly(10), price=varied)

    table = read(tmp_path, content)

    assert table.kinds == {"a": "numeric", "b": "categorical", "c": "categorical"}
    assert "6 values are no numbers ('n.a.'); read as missing" in table.columns["a"].notice
    assert "60% of the values are numbers, the others are not ('n.a.')" in table.columns["b"].notice
    assert np.isnan(table.frame["a"]).sum() == 6


def test_a_declared_number_reads_text_as_missing_and_says_so(tmp_path: Path) -> None:
    content = lines(40, a=lambda i: "?" if i % 2 else i, price=varied)

    table = read(tmp_path, content, columns={"a": Column(kind="numeric")})

    assert table.columns["a"].notice == "20 values are no numbers ('?'); read as missing"
    assert np.isnan(table.frame["a"]).sum() == 20


def test_decimal_commas_and_ambiguous_dates_are_noticed(tmp_path: Path) -> None:
    content = lines(
        4, a=lambda i: f'"{i % 2},5"', sold=lambda i: f"0{i % 2 + 1}/02/2024", price=varied
    )

    said = "\n".join(read(tmp_path, content).notices)

    assert "column 'a' its values look like numbers with a decimal comma" in said
    assert "column 'sold' dates are read as %m/%d/%Y, though %d/%m/%Y fits too" in said


def test_what_the_split_goes_by_is_no_feature(tmp_path: Path) -> None:
    content = "owner,sold,part,area,price\n7,31.01.2024,train,1,2\n8.0,01.02.2024,test,2,3\n"

    by_group = read(tmp_path, content, split=Split(group="owner"))
    by_date = read(
        tmp_path,
        content,
        split=Split(
            dates=Dates(column="sold", validation_from="2024-02-01", test_from="2024-03-01")
        ),
    )
    given = read(tmp_path, content, split=Split(given=Given(column="part")))

    assert by_group.frame["owner"].tolist() == ["7", "8.0"]
    assert by_date.frame["sold"].tolist() == ["2024-01-31T00:00:00", "2024-02-01T00:00:00"]
    assert given.frame["part"].tolist() == ["train", "test"]
    assert "owner" not in by_group.kinds
    assert by_date.columns["sold"].role == "split"


@pytest.mark.parametrize(
    "value, message",
    [
        ("", "expected a date in every row, found none in houses.csv:3"),
        ("soon", "expected dates of one form"),
    ],
)
def test_a_split_by_dates_needs_dates(tmp_path: Path, value: str, message: str) -> None:
    dates = Dates(column="sold", validation_from="2024-02-01", test_from="2024-03-01")

    with pytest.raises(DataError, match=message):
        read(tmp_path, f"sold,a,price\n2024-01-01,1,2\n{value},2,3\n", split=Split(dates=dates))


def test_a_table_without_a_column_to_learn_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)column to learn from.*country: constant"):
        read(tmp_path, "country,price\nFR,1\nFR,2\n")


def test_duplicate_rows_share_a_cluster_even_where_targets_differ(tmp_path: Path) -> None:
    table = read(tmp_path, "a,b,price\n1,x,2\n1.0,x,2\n1,x,3\n1,y,2\n")

    one, same, other_target, other = range(4)
    assert table.digests[one] == table.digests[same] != table.digests[other_target]
    assert table.clusters[one] == table.clusters[same] == table.clusters[other_target]
    assert table.clusters[other] != table.clusters[one]


ROWS = st.lists(
    st.tuples(
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1).map(
            lambda text: f"x{text}x"
        ),
        st.dates(date(1800, 1, 1), date(2200, 1, 1)),
        st.sampled_from(["cheap", "dear"]),
    ),
    min_size=2,
    max_size=10,
)


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_a_table_is_the_same_as_csv_and_as_parquet(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("table")
    frame = pd.DataFrame(rows, columns=["area", "note", "sold", "price"])
    frame["price"] = ["cheap", "dear", *frame["price"][2:]]
    frame.to_csv(folder / "houses.csv", index=False, sep=";")
    frame.to_parquet(folder / "houses.parquet")
    columns = {
        "area": Column(kind="numeric"),
        "note": Column(kind="categorical"),
        "sold": Column(kind="datetime"),
    }
    declared = data(columns=columns)

    text = read_table(folder / "houses.csv", declared, CLASSES)
    typed = read_table(folder / "houses.parquet", declared, CLASSES)

    assert text.digests == typed.digests
    encoders = [Encoder.fit(table.frame, table.kinds) for table in (text, typed)]
    assert encoders[0] == encoders[1]
    encoded = [e.transform(t.frame) for e, t in zip(encoders, (text, typed), strict=True)]
    assert encoded[0].tobytes() == encoded[1].tobytes()


def test_parquet_types_are_read(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "rooms": pd.Series([1, None, 3], dtype="Int64"),
            "garden": pd.Series([True, None, False], dtype=object),
            "sold": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-02-01"]),
            "style": pd.Categorical(["a", "b", "a"]),
            "tags": [["x"], [], ["y"]],
            "price": [1.0, 2.0, 3.0],
        }
    )
    frame.to_parquet(tmp_path / "houses.parquet")

    table = read_table(tmp_path / "houses.parquet", data(), VALUES)

    assert table.kinds == {
        "rooms": "numeric",
        "garden": "categorical",
        "sold": "datetime",
        "style": "categorical",
    }
    assert table.frame["garden"].dropna().tolist() == ["True", "False"]
    assert table.notices == ("column 'tags' holds lists or records; left out",)


def test_a_column_without_a_name_gets_one(tmp_path: Path) -> None:
    table = read(tmp_path, lines(40, **{"": lambda i: i, "a": varied, "price": varied}))

    assert table.columns["column_1"].kind == "idLike"
    assert "column 'column_1' has no name in the file; it is called so here" in table.notices


def test_a_gzipped_csv_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, gzip.compress(b"a,price\n1,2\n2,3\n")).kinds == {"a": "numeric"}
