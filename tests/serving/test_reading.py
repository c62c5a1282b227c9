"""Whatever table comes, each of its rows is accepted, unresolved or rejected with a code, and none is lost."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.contract import contract_sql
from tiercast.schema import History
from tiercast.serving.contract import REJECTIONS
from tiercast.serving.reading import read_sql
from tiercast.serving.refusals import MissingColumns, WrongType
from tiercast.sources.opening import open_source

GOOD = {
    "customer_id": "c",
    "occurred_at": "2024-02-29T12:00:00Z",
    "kind": "purchase",
    "channel": "web",
    "amount": "5",
}
NOW_S = 1_800_000_000  # 2027-01-15
Opened = Callable[[pd.DataFrame], History]

FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "all is well": ({}, "ACCEPTED"),
    "an unknown kind": ({"kind": "levitation"}, "ACCEPTED"),
    "an unknown channel": ({"channel": "pigeon"}, "ACCEPTED"),
    "no amount": ({"amount": None}, "ACCEPTED"),
    "an amount with an exponent": ({"amount": "1.5e3"}, "ACCEPTED"),
    "spaces around": ({"customer_id": " c ", "amount": " 5 ", "occurred_at": " 2024-02-29 "}, "ACCEPTED"),
    "an offset": ({"occurred_at": "2024-02-29T23:30:00-05:30"}, "ACCEPTED"),
    "an offset without a colon": ({"occurred_at": "2024-02-29 12:00+0800"}, "ACCEPTED"),
    "an offset of hours": ({"occurred_at": "2024-02-29T12:00:00-05"}, "ACCEPTED"),
    "no seconds": ({"occurred_at": "2024-02-29T12:00Z"}, "ACCEPTED"),
    "no seconds and no offset": ({"occurred_at": "2024-02-29 12:00"}, "ACCEPTED"),
    "no seconds before an offset of hours": ({"occurred_at": "2024-02-29 12:00-05"}, "ACCEPTED"),
    "nanoseconds": ({"occurred_at": "2024-02-29T12:00:00.123456789Z"}, "ACCEPTED"),
    "the last second of 2023": ({"occurred_at": "2023-12-31T23:59:59.9999999"}, "ACCEPTED"),
    "known before it happened": ({"known_at": "2024-01-01"}, "ACCEPTED"),
    "the right currency in small letters": ({"currency": "usd"}, "ACCEPTED"),
    "no customer": ({"customer_id": None}, "NULL_CUSTOMER"),
    "a blank customer": ({"customer_id": "  "}, "NULL_CUSTOMER"),
    "no time": ({"occurred_at": None}, "NULL_TIME"),
    "a time in words": ({"occurred_at": "yesterday"}, "BAD_TIME"),
    "the 30th of February": ({"occurred_at": "2024-02-30"}, "BAD_TIME"),
    "the leap day of a common year": ({"occurred_at": "2023-02-29"}, "BAD_TIME"),
    "a day before its month": ({"occurred_at": "29.02.2024"}, "BAD_TIME"),
    "an hour too many": ({"occurred_at": "2024-02-29T24:00:00"}, "BAD_TIME"),
    "a leap second": ({"occurred_at": "2024-02-29T23:59:60"}, "BAD_TIME"),
    "an offset of a day": ({"occurred_at": "2024-02-29T12:00:00+23:00"}, "BAD_TIME"),
    "a time and a line break": ({"occurred_at": "2024-02-29\n"}, "BAD_TIME"),
    "epoch seconds as text": ({"occurred_at": "1709208000"}, "BAD_TIME"),
    "an unreadable knowledge time": ({"known_at": "soon"}, "BAD_TIME"),
    "the year 0001": ({"occurred_at": "0001-01-01"}, "TIME_OUT_OF_RANGE"),
    "the year 9999": ({"occurred_at": "9999-12-31T23:59:59Z"}, "TIME_OUT_OF_RANGE"),
    "a second before 1970": ({"occurred_at": "1969-12-31T23:59:59Z"}, "TIME_OUT_OF_RANGE"),
    "known in 2100": ({"known_at": "2100-01-01"}, "TIME_OUT_OF_RANGE"),
    "tomorrow": ({"occurred_at": "2027-02-01"}, "FUTURE_TIME"),
    "no kind": ({"kind": None}, "NULL_KIND"),
    "a blank channel": ({"channel": " "}, "NULL_CHANNEL"),
    "a number in words": ({"amount": "five"}, "BAD_NUMBER"),
    "a decimal comma": ({"amount": "5,00"}, "BAD_NUMBER"),
    "not a number": ({"amount": "NaN"}, "BAD_NUMBER"),
    "infinity": ({"discount": "inf"}, "BAD_NUMBER"),
    "a number beyond all numbers": ({"amount": "1e400"}, "BAD_NUMBER"),
    "a hexadecimal": ({"quantity": "0x10"}, "BAD_NUMBER"),
    "less than nothing": ({"amount": "-0.01"}, "NEGATIVE_NUMBER"),
    "a vast negative quantity": ({"quantity": "-1e300"}, "NEGATIVE_NUMBER"),
    "a negative cost": ({"unit_cost": "-1"}, "NEGATIVE_NUMBER"),
    "above ten million": ({"amount": "10000000.01"}, "ABSURD_AMOUNT"),
    "beyond every integer": ({"discount": "1e300"}, "ABSURD_AMOUNT"),
    "another currency": ({"currency": "EUR"}, "UNKNOWN_CURRENCY"),
    "an event that came before": ({"event_id": "e1", "occurred_at": "2024-03-01"}, "DUPLICATE_EVENT"),
    "the event itself": ({"event_id": "e1"}, "ACCEPTED"),
}  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    with DuckDBEngine(threads=1) as opened:
        yield opened


def as_frame(frame: pd.DataFrame, folder: Path) -> History:
    return open_source(frame)


def as_csv(frame: pd.DataFrame, folder: Path) -> History:
    frame.to_csv(folder / "it's; touchpoints.csv", index=False)
    return open_source(str(folder / "it's; touchpoints.csv"))


def as_semicolons(frame: pd.DataFrame, folder: Path) -> History:
    frame.to_csv(folder / "t.csv", index=False, sep=";")
    return open_source(f"csv:{folder}")


def as_parquet(frame: pd.DataFrame, folder: Path) -> History:
    frame.to_parquet(folder / "t.parquet")
    return open_source(f"parquet:{folder}/*.parquet")


@pytest.fixture(params=[as_frame, as_csv, as_semicolons, as_parquet], ids=lambda form: form.__name__)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    return lambda frame: request.param(frame, tmp_path)


def verdicts(engine: DuckDBEngine, history: History) -> dict[str, str]:
    """Return each row's verdict by its ``product_id``."""
    engine.attach(history)
    contract = contract_sql(currency=history.currency, minor_per_major=100)
    told = engine.run(f"SELECT product_id, verdict FROM ({contract}) AS contract", now_s=NOW_S)
    return dict(zip(told["product_id"], told["verdict"], strict=True))


def test_every_fault_has_its_code_in_every_form_of_input(engine: DuckDBEngine, opened: Opened) -> None:
    came = pd.DataFrame([GOOD | {"product_id": name} | changed for name, (changed, _) in FAULTS.items()])
    assert verdicts(engine, opened(came)) == {name: code for name, (_, code) in FAULTS.items()}


def test_every_code_is_tested() -> None:
    assert {code for _, code in FAULTS.values()} == {*REJECTIONS, "ACCEPTED"}


def test_every_row_that_was_read_has_one_verdict(engine: DuckDBEngine, opened: Opened) -> None:
    came = pd.DataFrame([GOOD | changed for changed, _ in FAULTS.values()] * 3)
    engine.attach(opened(came))
    contract = contract_sql(currency="USD", minor_per_major=100)
    counted = engine.run(
        f"SELECT verdict, COUNT(*) AS rows FROM ({contract}) AS c GROUP BY verdict", now_s=NOW_S
    )
    rows = dict(zip(counted["verdict"], counted["rows"], strict=True))
    rejected = sum(rows[code] for code in REJECTIONS if code != "NULL_CUSTOMER")
    assert rows["ACCEPTED"] + rows["NULL_CUSTOMER"] + rejected == len(came)


def test_exact_repeats_without_an_id_are_all_kept(engine: DuckDBEngine, opened: Opened) -> None:
    engine.attach(opened(pd.DataFrame([GOOD] * 5)))
    assert (
        int(engine.run("SELECT SUM(CASE WHEN is_duplicate THEN 1 ELSE 0 END) AS n FROM touchpoints")["n"][0])
        == 0
    )


@pytest.mark.parametrize("column", ["customer_id", "occurred_at", "kind", "channel"])
def test_a_missing_column_is_named(engine: DuckDBEngine, opened: Opened, column: str) -> None:
    with pytest.raises(MissingColumns, match=f"missing: {column}; there is:") as refused:
        engine.attach(opened(pd.DataFrame([GOOD]).drop(columns=column)))
    assert refused.value.code == "MISSING_COLUMN"


def test_only_a_header_is_no_rows_and_no_error(engine: DuckDBEngine, opened: Opened) -> None:
    engine.attach(opened(pd.DataFrame([GOOD]).head(0)))
    assert int(engine.run("SELECT COUNT(*) AS n FROM touchpoints")["n"][0]) == 0


NUMBERS = pd.Series([1_709_208_000, 1_709_208_000])


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("occurred_at", NUMBERS),
        ("occurred_at", NUMBERS.astype("float64")),
        ("known_at", NUMBERS),
        ("amount", pd.Series([True, False])),
        ("amount", pd.to_datetime(pd.Series(["2024-01-01"] * 2))),
        ("customer_id", pd.to_datetime(pd.Series(["2024-01-01 01:00"] * 2))),
    ],
    ids=lambda value: str(getattr(value, "dtype", value)),
)
@pytest.mark.parametrize("form", [as_frame, as_parquet])
def test_a_column_that_would_need_guessing_is_refused(
    engine: DuckDBEngine, tmp_path: Path, form: Callable[..., History], column: str, cells: pd.Series
) -> None:
    came = pd.DataFrame([GOOD] * 2).assign(**{column: cells})
    with pytest.raises(WrongType, match=column) as refused:
        engine.attach(form(came, tmp_path))
    assert refused.value.code == "WRONG_TYPE"


@pytest.mark.parametrize("cell", [b"raw", ["a"], {"a": 1}], ids=str)
@pytest.mark.parametrize("form", [as_frame, as_parquet])
def test_bytes_and_nested_cells_are_refused(
    engine: DuckDBEngine, tmp_path: Path, form: Callable[..., History], cell: Any
) -> None:
    with pytest.raises(WrongType):
        engine.attach(form(pd.DataFrame([GOOD | {"category": cell}]), tmp_path))


@pytest.mark.parametrize("form", [as_frame, as_parquet])
def test_numbers_that_are_not_finite_or_not_sensible(
    engine: DuckDBEngine, tmp_path: Path, form: Callable[..., History]
) -> None:
    wanted = {"5": "ACCEPTED", "nan": "ACCEPTED", "inf": "BAD_NUMBER", "-inf": "BAD_NUMBER", "1e300": "ABSURD_AMOUNT",
              "-1e300": "NEGATIVE_NUMBER", "1e7": "ACCEPTED"}  # fmt: skip
    came = pd.DataFrame([GOOD | {"product_id": name, "amount": float(name)} for name in wanted])
    assert verdicts(engine, form(came, tmp_path)) == wanted


@pytest.mark.parametrize("form", [as_frame, as_parquet])
@pytest.mark.parametrize(
    "cells",
    [
        pd.Series(pd.to_datetime(["2024-02-29 12:00:00"])).astype("datetime64[s]"),
        pd.Series(pd.to_datetime(["2024-02-29 12:00:00"])).astype("datetime64[ms]"),
        pd.Series(pd.to_datetime(["2024-02-29 12:00:00"])).astype("datetime64[us]"),
        pd.Series(pd.to_datetime(["2024-02-29 12:00:00"])).astype("datetime64[ns]"),
        pd.Series(pd.to_datetime(["2024-02-29T20:00:00+08:00"])),
        pd.Series(pd.to_datetime(["2024-02-29T12:00:00Z"])).dt.tz_convert("America/New_York"),
        pd.Series(["2024-02-29T17:30:00+05:30"]),
        pd.Series(["2024-02-29T17:30:00+05:30"], dtype="category"),
    ],
    ids=lambda cells: str(cells.dtype),
)
def test_times_of_every_type_are_one_moment(
    engine: DuckDBEngine, tmp_path: Path, form: Callable[..., History], cells: pd.Series
) -> None:
    engine.attach(form(pd.DataFrame([GOOD]).assign(occurred_at=cells), tmp_path))
    assert engine.run("SELECT occurred_us FROM touchpoints")["occurred_us"].tolist() == [
        1_709_208_000_000_000
    ]


@pytest.mark.parametrize("form", [as_frame, as_parquet])
@pytest.mark.parametrize(
    "cells",
    [
        pd.Series([17]),
        pd.Series([17.0]),
        pd.Series(["17"]),
        pd.Series([17], dtype="uint64"),
        pd.Series([17], dtype="Int64"),
        pd.Series(["17"], dtype="category"),
    ],
    ids=lambda cells: str(cells.dtype),
)
def test_seventeen_is_one_customer_however_it_is_written(
    engine: DuckDBEngine, tmp_path: Path, form: Callable[..., History], cells: pd.Series
) -> None:
    engine.attach(form(pd.DataFrame([GOOD]).assign(customer_id=cells), tmp_path))
    assert engine.run("SELECT customer_id FROM touchpoints")["customer_id"].tolist() == ["17"]


def test_ids_that_are_no_numbers_among_floats_are_nobody(engine: DuckDBEngine) -> None:
    came = pd.DataFrame([GOOD] * 3).assign(customer_id=[np.nan, np.inf, 4.0], product_id=["a", "b", "c"])
    assert verdicts(engine, History("f", frame=came)) == {
        "a": "NULL_CUSTOMER",
        "b": "NULL_CUSTOMER",
        "c": "ACCEPTED",
    }


def test_mixed_cells_of_a_frame_are_judged_one_by_one(engine: DuckDBEngine) -> None:
    cells = [5, "6", None, "seven", 8.5, float("inf")]
    came = pd.DataFrame([GOOD | {"product_id": str(place)} for place in range(6)]).assign(
        amount=pd.Series(cells, dtype=object)
    )
    told = verdicts(engine, History("mixed", frame=came))
    assert [told[str(place)] for place in range(6)] == ["ACCEPTED"] * 3 + [
        "BAD_NUMBER",
        "ACCEPTED",
        "BAD_NUMBER",
    ]


def test_a_late_row_of_text_after_thousands_of_numbers_is_still_only_one_bad_row(
    engine: DuckDBEngine,
) -> None:
    amounts = pd.Series([5] * 5_000 + ["five"], dtype=object)
    came = pd.DataFrame([GOOD] * 5_001).assign(
        amount=amounts, product_id=[str(place) for place in range(5_001)]
    )
    told = verdicts(engine, History("long", frame=came))
    assert [name for name, code in told.items() if code != "ACCEPTED"] == ["5000"]


def test_a_column_of_nothing_is_absent(engine: DuckDBEngine, tmp_path: Path) -> None:
    nothing: dict[str, Any] = {
        "known_at": None,
        "amount": None,
        "order_id": None,
        "event_id": None,
        "product_id": "a",
    }
    came = pd.DataFrame([GOOD | nothing])
    assert verdicts(engine, History("f", frame=came)) == {"a": "ACCEPTED"}
    assert verdicts(engine, History("f", frame=came.assign(known_at=np.nan))) == {"a": "ACCEPTED"}
    pq.write_table(
        pa.table({**{k: [v] for k, v in GOOD.items()}, "product_id": ["a"], "known_at": pa.nulls(1)}),
        tmp_path / "n.parquet",
    )
    assert verdicts(engine, open_source(str(tmp_path / "n.parquet"))) == {"a": "ACCEPTED"}


def test_columns_that_no_contract_names_are_left_out_of_reading_and_break_nothing(
    engine: DuckDBEngine,
) -> None:
    came = pd.DataFrame([GOOD]).assign(**{'we"ird; --': [{"a": 1}], "selected": 3})
    engine.attach(History("f", frame=came))
    assert len(engine.run("SELECT * FROM touchpoints")) == 1
    assert 'we"ird; --' in engine.columns


def test_a_column_that_came_twice_is_refused(engine: DuckDBEngine) -> None:
    came = pd.DataFrame([GOOD])
    with pytest.raises(WrongType, match="amount"):
        engine.attach(History("f", frame=pd.concat([came, came[["amount"]]], axis=1)))


def test_the_text_never_holds_what_anyone_sent() -> None:
    types = dict.fromkeys([*GOOD, 'x"; DROP TABLE y; --'], "VARCHAR")
    assert "DROP" not in read_sql(types, "came")
