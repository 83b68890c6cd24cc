from __future__ import annotations

import ast
import json
import math
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farandole.data import encoder as encoder_module
from farandole.data.encoder import Encoder, TargetTransform, days, numbers, texts

KINDS = {"size": "numeric", "colour": "categorical", "sold": "datetime"}
WORDS = st.sampled_from(["red", "green", "blue", "rosé", "NA", "", " red ", "3", "3.0"])
NUMBERS = st.one_of(
    st.none(),
    st.floats(width=64),
    st.integers(-(10**6), 10**6),
    st.sampled_from(["1.5", "text", "", "1e400", "-7 "]),
)
DATES = st.one_of(
    st.none(),
    st.dates(date(1700, 1, 1), date(2200, 1, 1)).map(str),
    st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)).map(str),
    st.sampled_from(["", "yesterday"]),
)
ROWS = st.lists(st.tuples(NUMBERS, WORDS, DATES), min_size=1, max_size=12)


def table(rows: list[tuple[Any, Any, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.Series([row[i] for row in rows], dtype=object) for i, name in enumerate(KINDS)}
    )


def numeric(values: list[Any], **how: Any) -> Encoder:
    return Encoder.fit(pd.DataFrame({"x": values}), {"x": "numeric"}, **how)


def categorical(values: list[Any], **how: Any) -> Encoder:
    return Encoder.fit(pd.DataFrame({"x": values}), {"x": "categorical"}, **how)


def encoded(encoder: Encoder, values: list[Any]) -> list[list[float]]:
    rows: list[list[float]] = encoder.transform(pd.DataFrame({"x": values})).tolist()
    return rows


@settings(max_examples=25, deadline=None)
@given(ROWS, ROWS)
def test_every_row_becomes_finite_numbers_whatever_was_fitted(
    fitted: list[tuple[Any, Any, Any]], rows: list[tuple[Any, Any, Any]]
) -> None:
    encoder = Encoder.fit(table(fitted), KINDS)

    result = encoder.transform(table(rows))

    assert result.shape == (len(rows), encoder.width)
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
    assert len(set(encoder.names)) == encoder.width


@settings(max_examples=25, deadline=None)
@given(ROWS, ROWS)
def test_an_encoder_comes_back_from_json_to_the_bit(
    fitted: list[tuple[Any, Any, Any]], rows: list[tuple[Any, Any, Any]]
) -> None:
    encoder = Encoder.fit(table(fitted), KINDS)

    again = Encoder.from_json(json.loads(json.dumps(encoder.to_json(), allow_nan=False)))

    assert again == encoder
    assert again.transform(table(rows)).tobytes() == encoder.transform(table(rows)).tobytes()


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_a_row_is_encoded_alike_alone_and_among_others(rows: list[tuple[Any, Any, Any]]) -> None:
    encoder = Encoder.fit(table(rows), KINDS)

    together = encoder.transform(table(rows))
    alone = np.vstack([encoder.transform(table([row])) for row in rows])

    assert together.tobytes() == alone.tobytes()


def test_a_missing_number_is_imputed_and_marked() -> None:
    encoder = numeric([1.0, 3.0, 100.0, None], standardise=False)

    assert encoder.names == ("x", "x missing")
    assert encoded(encoder, [None, 5]) == [[3.0, 1.0], [5.0, 0.0]]


@pytest.mark.parametrize("impute, fill", [("median", 2.0), ("mean", 4.0), ("mostFrequent", 1.0)])
def test_what_stands_for_a_missing_number_is_chosen(impute: str, fill: float) -> None:
    encoder = numeric([1, 1, 3, 11], impute=impute, standardise=False)

    assert encoded(encoder, [None]) == [[fill]]


def test_numbers_are_standardised_by_the_rows_of_fitting() -> None:
    encoder = numeric([1.0, 3.0])

    assert encoded(encoder, [1.0, 3.0, 5.0]) == [[-1.0], [1.0], [3.0]]


def test_a_constant_or_empty_column_becomes_zero() -> None:
    assert encoded(numeric([7.0, 7.0]), [7.0]) == [[0.0]]
    assert encoded(numeric([None, None]), [7.0, None]) == [[7.0, 0.0], [0.0, 1.0]]


def test_the_most_frequent_categories_get_a_place_and_the_rest_share_one() -> None:
    encoder = categorical(["b", "b", "c", "a", "a", "d"], one_hot_up_to=2)

    assert encoder.names == ("x = a", "x = b", "x other")
    assert encoded(encoder, ["a", "d", "new"]) == [[1, 0, 0], [0, 0, 1], [0, 0, 1]]
    assert encoder.unseen(pd.DataFrame({"x": ["a", "new", None]})) == {"x": 1}


def test_an_unseen_category_is_all_zeros_where_fitting_met_no_others() -> None:
    encoder = categorical(["a", "b"])

    assert encoded(encoder, ["b", "new", None]) == [[0, 1], [0, 0], [0, 0]]
    assert encoder.unseen(pd.DataFrame({"x": ["a", "b"]})) == {}


def test_missing_is_a_category_of_its_own() -> None:
    encoder = categorical(["a", None, "a"])

    assert encoder.names == ("x = a", "x missing")
    assert encoded(encoder, ["a", "NA", float("nan"), "new"]) == [[1, 0], [0, 1], [0, 1], [0, 0]]


def test_one_category_has_one_name_as_text_integer_and_float() -> None:
    encoder = categorical(["3", "4", "4"])

    assert encoded(encoder, [3]) == encoded(encoder, [3.0]) == encoded(encoder, [" 3 "]) == [[0, 1]]


def test_a_date_becomes_days_and_circles() -> None:
    frame = pd.DataFrame({"x": ["1970-01-01", "1970-01-03", None]})
    encoder = Encoder.fit(frame, {"x": "datetime"}, standardise=False)

    assert encoder.names == (
        *("x days", "x days missing", "x month sin", "x month cos", "x weekday sin"),
        "x weekday cos",
    )
    first, _, missing = encoded(encoder, list(frame["x"]))
    assert first == [0, 0, 0, 1, 0, 1]
    assert missing == [1, 1, 0, 0, 0, 0]


def test_the_hour_counts_where_dates_have_one() -> None:
    frame = pd.DataFrame({"x": ["2024-05-01 06:00:00", "2024-05-01T18:00:00+00:00"]})
    encoder = Encoder.fit(frame, {"x": "datetime"})

    hours = encoder.transform(frame)[:, encoder.names.index("x hour sin")]
    assert hours.tolist() == pytest.approx([1.0, -1.0], abs=1e-6)


@pytest.mark.parametrize(
    "given, iso",
    [
        (["13.12.2020", "01.02.2021"], ["2020-12-13", "2021-02-01"]),
        (["13/12/2020", "01/02/2021"], ["2020-12-13", "2021-02-01"]),
        (["12/13/2020", "01/02/2021"], ["2020-12-13", "2021-01-02"]),
        (["2020/12/13 10:30", "2021/02/01 00:00"], ["2020-12-13T10:30", "2021-02-01"]),
    ],
)
def test_a_date_is_read_in_the_form_that_fits_all_rows(given: list[str], iso: list[str]) -> None:
    frame = pd.DataFrame({"x": given})
    encoder = Encoder.fit(frame, {"x": "datetime"})
    as_iso = Encoder.fit(pd.DataFrame({"x": iso}), {"x": "datetime"})

    assert (
        encoder.transform(frame).tobytes() == as_iso.transform(pd.DataFrame({"x": iso})).tobytes()
    )


def test_typed_and_text_columns_are_one() -> None:
    instants = [datetime(2024, 5, 1, 6) + timedelta(days=i) for i in range(3)]
    typed = pd.DataFrame({"size": [1, 2, 3], "colour": ["a", "b", "b"], "sold": instants})
    text = typed.astype(str)

    encoder = Encoder.fit(typed, KINDS)

    assert Encoder.fit(text, KINDS) == encoder
    assert encoder.transform(text).tobytes() == encoder.transform(typed).tobytes()


def test_other_columns_and_their_order_change_nothing() -> None:
    frame = table([(1, "red", "2024-01-01"), (2, "blue", "2024-01-02")])
    encoder = Encoder.fit(frame, KINDS | {"note": "ignore"})

    shuffled = frame.assign(note="x")[["note", "sold", "colour", "size"]]

    assert encoder.transform(shuffled).tobytes() == encoder.transform(frame).tobytes()


def test_missing_columns_are_named_all_at_once() -> None:
    frame = table([(1, "red", "2024-01-01")])
    encoder = Encoder.fit(frame, KINDS)

    with pytest.raises(ValueError, match=r"lacks the columns \['size', 'sold'\].*\['colour'\]"):
        encoder.transform(frame[["colour"]])
    with pytest.raises(ValueError, match=r"lacks the columns \['colour'\]"):
        Encoder.fit(frame[["size", "sold"]], KINDS)


def test_what_is_no_number_category_or_date_is_missing() -> None:
    assert numbers(pd.Series(["1", " 2.5 ", "x", "", None, "inf"], dtype=object)).tolist()[:2] == [
        1.0,
        2.5,
    ]
    assert np.isnan(numbers(pd.Series(["x", "", None, "inf", "NaN"], dtype=object))).all()
    for dates in [date(2024, 1, 1)], [pd.Timestamp(2024, 1, 1)]:
        assert np.isnan(numbers(pd.Series(dates))).all()
        assert np.isnan(numbers(pd.Series(dates, dtype=object))).all()
    assert texts(pd.Series(["a", "", None, "NA", 2.0], dtype=object)).tolist() == [
        *("a", None, None, None),
        "2",
    ]
    assert math.isnan(days(pd.Series(["2024-13-01"]), "ISO8601")[0])


@given(st.lists(st.floats(1e-300, 1e300), min_size=1))
def test_the_logarithm_of_a_target_is_undone(values: list[float]) -> None:
    transform = TargetTransform.from_json(json.loads(json.dumps(TargetTransform("log").to_json())))
    targets = np.array(values)

    np.testing.assert_allclose(transform.inverse(transform.forward(targets)), targets, rtol=1e-12)


def test_a_target_without_a_logarithm_is_refused() -> None:
    with pytest.raises(ValueError, match="2 of 3 are not"):
        TargetTransform("log").forward(np.array([1.0, 0.0, -1.0]))
    with pytest.raises(ValueError, match="received 'sqrt'"):
        TargetTransform("sqrt")


def test_an_encoder_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="received 99"):
        Encoder.from_json({"form": 99, "columns": []})


def test_the_encoder_stands_alone() -> None:
    tree = ast.parse(Path(encoder_module.__file__).read_text(encoding="utf-8"))
    imported = {
        name.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }

    assert {name.split(".")[0] for name in imported} <= {
        *("__future__", "collections", "dataclasses", "datetime", "typing"),
        *("numpy", "pandas"),
    }
