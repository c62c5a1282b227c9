"""The frozen text on DuckDB: a private connection, a locked door, and small tables that leave no trace."""

from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pandas as pd
import pytest

from tiercast.serving import history
from tiercast.serving.refusals import BadCutoff, MissingColumns
from tiercast.serving.tables import Tables, words_table

ROW = {"customer_id": "c", "occurred_at": "2024-02-29", "kind": "visit", "channel": "web"}


@pytest.fixture
def connection() -> Any:
    opened = history.connect()
    opened.register("came", pd.DataFrame([ROW, ROW | {"customer_id": "'; DROP TABLE came; --"}]))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "said", ["2024-02-29", " 2024-02-29 ", "2024-02-29T00:00:00Z", "2024-02-29T08:00:00+08:00", date(2024, 2, 29),
             datetime(2024, 2, 29), datetime(2024, 2, 29, tzinfo=UTC), pd.Timestamp("2024-02-29")]
)  # fmt: skip
def test_a_cutoff_is_a_day_however_it_is_said(said: object) -> None:
    assert history.parse_cutoff(said) == date(2024, 2, 29)


@pytest.mark.parametrize(
    "said", ["", "  ", None, 20_240_229, "29.02.2024", "2023-02-29", "2024-02-29T12:00:00", "2024-02-29T00:00:00+08:00",
             datetime(2024, 2, 29, 1), "0001-01-01", "9999-01-01", pd.NaT, True]
)  # fmt: skip
def test_anything_else_is_no_cutoff(said: object) -> None:
    with pytest.raises(BadCutoff) as refused:
        history.parse_cutoff(said)
    assert refused.value.code == "BAD_CUTOFF"


def test_only_what_was_registered_can_be_reached_behind_the_lock(connection: Any) -> None:
    history.lock(connection)
    history.bind(connection, "came")
    assert history.run(connection, "SELECT COUNT(*) AS n FROM touchpoints")["n"].tolist() == [2]
    for text in ("SELECT * FROM read_text('/etc/hostname')", "SET memory_limit = '1GB'", "INSTALL httpfs"):
        with pytest.raises(duckdb.Error):
            connection.execute(text)


def test_injected_text_is_a_customer_like_any_other(connection: Any) -> None:
    history.bind(connection, "came")
    found = history.run(connection, "SELECT customer_id FROM touchpoints ORDER BY customer_id")
    assert found["customer_id"].tolist() == ["'; DROP TABLE came; --", "c"]


def test_cutoffs_words_and_the_clock_are_tables_for_one_run_only(connection: Any) -> None:
    history.bind(connection, "came")
    text = "SELECT cutoff_day, term, code, now_s FROM cutoffs, vocabulary, clock ORDER BY cutoff_day"
    found = history.run(
        connection,
        text,
        cutoffs=[date(1970, 1, 3), date(1970, 1, 2), date(1970, 1, 2)],
        tables=Tables({"vocabulary": words_table([("f", "it's", 3)])}),
        now_s=9,
    )
    assert found.to_dict("list") == {
        "cutoff_day": [1, 2],
        "term": ["it's"] * 2,
        "code": [3, 3],
        "now_s": [9, 9],
    }
    with pytest.raises(duckdb.Error):
        connection.execute("SELECT * FROM cutoffs")


def test_without_words_and_cutoffs_the_tables_are_empty(connection: Any) -> None:
    history.bind(connection, "came")
    text = "SELECT (SELECT COUNT(*) FROM cutoffs) AS cutoffs, (SELECT COUNT(*) FROM vocabulary) AS words"
    assert history.run(connection, text).iloc[0].tolist() == [0, 0]


def test_a_table_that_is_no_touchpoints_is_refused(connection: Any) -> None:
    connection.register("came", pd.DataFrame({"x": [1]}))
    with pytest.raises(MissingColumns):
        history.bind(connection, "came")


def test_days_count_from_1970() -> None:
    assert history.day_number(date(2000, 3, 1)) == 11_017
    assert history.day_of(11_017) == date(2000, 3, 1)
