"""What a request may look like, what it becomes, and what is refused without repeating it."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tiercast.serving.intake import clean_request
from tiercast.serving.refusals import EmptyInput, MissingColumns, Refused, UnknownColumns, WrongType

ROW: dict[str, Any] = {
    "customer_id": "c1", "occurred_at": "2025-01-31T09:30:00Z", "kind": "purchase", "channel": "store",
}  # fmt: skip
SECRET = "ann@example.com"


def cleaned(column: str, cells: Any) -> pd.Series:
    """Clean a frame whose one interesting column holds the cells."""
    series = cells if isinstance(cells, pd.Series) else pd.Series(cells)
    return clean_request(pd.DataFrame([ROW] * len(series)).assign(**{column: series}))[column]


def test_every_shape_of_a_table_reads_the_same() -> None:
    rows = [ROW | {"amount": 1.5}, ROW | {"customer_id": "c2", "amount": 2.0}]
    expected = clean_request(pd.DataFrame(rows))
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    for shape in (rows, tuple(rows), columns, {name: np.array(cells) for name, cells in columns.items()}):
        pd.testing.assert_frame_equal(clean_request(shape), expected)
    boxed = [{name: np.array(cell) for name, cell in row.items()} for row in rows]
    pd.testing.assert_frame_equal(clean_request(boxed), expected)
    pd.testing.assert_frame_equal(clean_request(dict(rows[0])), expected.head(1))
    pd.testing.assert_frame_equal(clean_request(boxed[0]), expected.head(1))


def test_the_given_table_is_not_changed_and_cleaning_twice_changes_nothing() -> None:
    given = pd.DataFrame([ROW, ROW | {"customer_id": 3}]).assign(
        amount=[1, None], known_at=pd.Timestamp("2025")
    )
    given.index = pd.Index([7, 7])
    before = given.copy(deep=True)
    once = clean_request(given)
    pd.testing.assert_frame_equal(given, before)
    assert once.index.tolist() == [0, 1]
    pd.testing.assert_frame_equal(clean_request(once), once)


@pytest.mark.parametrize(
    "cells",
    [
        [17, 17],
        [17.0, 17.0],
        ["17", "17"],
        ["17", 17],
        [17, Decimal("17.0")],
        pd.Series([17, 17], dtype="int8"),
        pd.Series([17, 17], dtype="Int64"),
        pd.Series([17, 17], dtype="Float64"),
        pd.Series([17, 17], dtype="category"),
        pd.Series(["17", "17"], dtype="category"),
        pd.Series(["17", "17"], dtype="string"),
        pd.Series(["17", "17"], dtype=object),
        pd.Series([17, 17], dtype="int64[pyarrow]"),
        pd.Series([17, 17], dtype="double[pyarrow]"),
        pd.Series(["17", "17"], dtype="string[pyarrow]"),
        pd.Series([np.int64(17), np.float32(17)], dtype=object),
    ],
    ids=str,
)
def test_seventeen_is_one_customer_however_it_is_written(cells: Any) -> None:
    assert cleaned("customer_id", cells).tolist() == ["17", "17"]


@pytest.mark.parametrize(
    "absent",
    [
        pd.Series([None, None], dtype=object),
        pd.Series([np.nan, np.nan]),
        pd.Series([pd.NA, pd.NA], dtype="Int64"),
        pd.Series([None, None], dtype="str"),
        pd.Series([pd.NaT, pd.NaT]),
        pd.Series([None, None], dtype="category"),
        pd.Series([None, None], dtype="double[pyarrow]"),
    ],
    ids=lambda cells: str(cells.dtype),
)
def test_a_column_of_nothing_is_nothing_in_every_kind_of_column(absent: pd.Series) -> None:
    assert cleaned("order_id", absent).tolist() == [None, None]
    assert np.isnan(cleaned("amount", absent)).all()
    assert cleaned("known_at", absent).isna().all()


@pytest.mark.parametrize(
    "cells",
    [
        [10, 2.5],
        pd.Series([10, 2.5], dtype="Float64"),
        pd.Series([10, 2.5], dtype="float32"),
        [Decimal("10"), Decimal("2.5")],
        pd.Series([10, 2.5], dtype="double[pyarrow]"),
        pd.Series([10, 2.5], dtype="category"),
        pd.Series([10, Decimal("2.5")], dtype=object),
    ],
    ids=str,
)
def test_numbers_become_float64(cells: Any) -> None:
    read = cleaned("amount", cells)
    assert read.dtype == "float64"
    assert read.tolist() == [10.0, 2.5]


def test_text_among_numbers_is_kept_for_the_contract_to_reject() -> None:
    assert cleaned("amount", pd.Series([10, "ten", None], dtype=object)).tolist() == ["10", "ten", None]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_every_unit_mean_the_same_moment(unit: str) -> None:
    moments = pd.Series(pd.to_datetime(["2025-01-31 09:30:00", None])).astype(f"datetime64[{unit}]")
    read = cleaned("known_at", moments)
    assert read.dtype == "datetime64[us]"
    assert read[0] == pd.Timestamp("2025-01-31 09:30:00")
    assert read[1] is pd.NaT


@pytest.mark.parametrize(
    "cells",
    [
        pd.Series(pd.to_datetime(["2025-01-31T10:30:00+01:00"])),
        pd.Series(pd.to_datetime(["2025-01-31T09:30:00Z"], utc=True)).dt.tz_convert("Asia/Shanghai"),
        pd.Series([pd.Timestamp("2025-01-31T10:30:00+01:00")], dtype=object),
        pd.Series([dt.datetime(2025, 1, 31, 9, 30)], dtype=object),
        pd.Series(pd.to_datetime(["2025-01-31T09:30"])).astype("timestamp[ns][pyarrow]"),
        pd.Series(pd.to_datetime(["2025-01-31T09:30Z"])).astype("timestamp[ms, tz=Europe/Paris][pyarrow]"),
        pd.Series([np.datetime64("2025-01-31T09:30", "s")], dtype=object),
    ],
    ids=lambda cells: str(cells.dtype),
)
def test_zoned_times_are_moved_to_utc(cells: pd.Series) -> None:
    assert cleaned("occurred_at", cells)[0] == pd.Timestamp("2025-01-31 09:30:00")


def test_dates_are_midnight_and_mixed_with_text_become_text() -> None:
    assert cleaned("known_at", [dt.date(2025, 1, 31)])[0] == pd.Timestamp("2025-01-31")
    mixed = cleaned("known_at", pd.Series([dt.date(2025, 1, 31), "2025-02-01", None], dtype=object))
    assert mixed.tolist() == ["2025-01-31T00:00:00.000000", "2025-02-01", None]


@pytest.mark.parametrize("number", [1735689600000, 1735689600.5, "int", np.int64(5), Decimal(5), True])
def test_a_bare_number_is_no_time(number: Any) -> None:
    cells = [1735689600000, 1735689600000] if number == "int" else pd.Series([number, None], dtype=object)
    with pytest.raises(WrongType, match="ISO 8601"):
        cleaned("occurred_at", cells)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("amount", True),
        ("amount", np.True_),
        ("amount", dt.date(2025, 1, 1)),
        ("amount", 1 + 2j),
        ("customer_id", True),
        ("customer_id", {"id": SECRET}),
        ("customer_id", [SECRET]),
        ("customer_id", np.array([1, 2])),
        ("customer_id", SECRET.encode()),
        ("customer_id", dt.datetime(2025, 1, 1)),
        ("customer_id", 2.0**60),
        ("customer_id", float("inf")),
        ("customer_id", SECRET + "\0"),
        ("customer_id", SECRET + "\ud800"),
        ("amount", "1\0"),
        ("occurred_at", {"at": SECRET}),
        ("occurred_at", "2025\udfff"),
        ("occurred_at", dt.timedelta(1)),
        ("kind", (SECRET,)),
    ],
    ids=repr,
)
def test_what_cannot_be_read_is_refused_by_name_and_never_repeated(column: str, cell: Any) -> None:
    for shape in (
        [ROW, ROW | {column: cell}],
        {**{name: [value] for name, value in ROW.items()}, column: [cell]},
    ):
        with pytest.raises(WrongType) as refused:
            clean_request(shape)
        said = json.dumps(refused.value.body())
        assert column in said
        assert SECRET not in said
        assert refused.value.code == "WRONG_TYPE"


@pytest.mark.parametrize("dtype", ["bool", "boolean", "bool[pyarrow]"])
def test_true_and_false_are_no_numbers_but_answer_a_yes_or_no_column(dtype: str) -> None:
    with pytest.raises(WrongType, match="true and false"):
        cleaned("amount", pd.Series([True, False], dtype=dtype))
    assert cleaned("staff_assisted", pd.Series([True, False], dtype=dtype)).tolist() == ["true", "false"]


@pytest.mark.parametrize(
    "nothing", [[], (), {}, pd.DataFrame(), pd.DataFrame([ROW]).head(0), {"customer_id": []}]
)
def test_no_rows_are_refused(nothing: Any) -> None:
    with pytest.raises(EmptyInput if not (isinstance(nothing, dict) and nothing) else MissingColumns):
        clean_request(nothing)


def test_missing_columns_are_named() -> None:
    with pytest.raises(MissingColumns) as refused:
        clean_request([{"customer_id": SECRET, "kind": "purchase"}])
    assert refused.value.details["missing"] == ["occurred_at", "channel"]
    assert SECRET not in json.dumps(refused.value.body())


def test_an_unknown_column_is_told_with_the_closest_name() -> None:
    with pytest.raises(UnknownColumns, match=r"amonut \(did you mean amount\?\)") as refused:
        clean_request([ROW | {"amonut": 1}])
    assert refused.value.details["closest"] == {"amonut": "amount"}


@pytest.mark.parametrize("name", [SECRET, 5, ("a", "b"), "x" * 200, ""])
def test_a_header_that_is_really_a_row_is_not_repeated(name: Any) -> None:
    with pytest.raises(UnknownColumns) as refused:
        clean_request(pd.DataFrame([ROW]).assign(more=1).rename(columns={"more": name}))
    assert str(name) not in json.dumps(refused.value.body()) or name in ("", 5)


@pytest.mark.parametrize(
    "shape",
    [None, "text", 5, [1, 2], [[1, 2]], [ROW, 5], np.zeros((2, 2)), {"customer_id": ["a"], "kind": ["x", "y"]},
     {"customer_id": {"0": "a"}}, {"customer_id": ["a"], "kind": "purchase"}, pd.Series([1])],
    ids=repr,
)  # fmt: skip
def test_what_is_no_table_is_refused(shape: Any) -> None:
    with pytest.raises(Refused) as refused:
        clean_request(shape)
    assert refused.value.code in ("WRONG_TYPE", "MISSING_COLUMN")


def test_a_column_that_comes_twice_is_refused() -> None:
    twice = pd.DataFrame([[*ROW.values(), "c2"]], columns=[*ROW, "customer_id"])
    with pytest.raises(WrongType, match="customer_id"):
        clean_request(twice)


def test_values_of_one_customer_are_welcome() -> None:
    read = clean_request([ROW | {"tier_before": "gold", "tier_since_on": dt.date(2024, 1, 1)}])
    assert read["tier_before"].tolist() == ["gold"]
    assert read["tier_since_on"].tolist() == [pd.Timestamp("2024-01-01")]


def test_odd_texts_come_through_unchanged() -> None:
    texts = ["'; DROP TABLE touchpoints; --", "客户 17", "👩‍👩‍👧", "", " 17 ", '"', "$cutoff", "\\N", "a\nb"]
    assert cleaned("customer_id", texts).tolist() == texts
