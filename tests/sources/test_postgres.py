"""A table or a SELECT of a real PostgreSQL: what arrives of each type, and how it is read."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.running import answer
from tests.sources.postgres_server import MANY, ROW, Server, opened, read, refused, seen
from tests.world import CUTOFF, touchpoints
from tiercast import api
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.serving.refusals import MissingColumns, WrongType
from tiercast.sources.opening import open_source


def test_a_table_gives_the_features_that_the_same_rows_in_memory_give(shop: Server) -> None:
    world = touchpoints()
    shop.run(
        "CREATE TABLE touchpoints (customer_id text, occurred_at timestamp, kind varchar(40), channel char(20),"
        " order_id text, store_id text, category text, amount numeric(12, 2), known_at timestamp, event_id uuid)"
    )
    columns = [
        "customer_id",
        "occurred_at",
        "kind",
        "channel",
        "order_id",
        "store_id",
        "category",
        "amount",
        "known_at",
    ]
    held = world.reindex(columns=columns).astype(object)
    rows = held.where(held.notna(), None)
    shop.copy_in(f"touchpoints ({', '.join(columns)})", rows.to_numpy().tolist())
    ours = api.compute_features(f"postgres:{shop.address()}#touchpoints", cutoff=CUTOFF)
    theirs = api.compute_features(world[columns], cutoff=CUTOFF)
    pd.testing.assert_frame_equal(ours, theirs)
    assert len(ours) == 6


@pytest.mark.parametrize(
    "name", ["plain", "Capital", 'archive."odd ""name"""', '"a.b"', '"select"', '"über-名"']
)
def test_a_table_is_named_as_it_is_stored(shop: Server, name: str) -> None:
    quoted = name if '"' in name else f'"{name}"'
    shop.run("CREATE SCHEMA IF NOT EXISTS archive", f"CREATE TABLE {quoted} AS SELECT {ROW}")
    assert len(read(shop, name)) == 1


def test_views_and_partitions_are_tables(shop: Server) -> None:
    shop.run(
        "CREATE TABLE whole (LIKE pg_class) PARTITION BY LIST (relkind)",
        f"CREATE VIEW seen AS SELECT {ROW}",
        f"CREATE MATERIALIZED VIEW kept AS SELECT {ROW}",
    )
    assert len(read(shop, "seen")) == len(read(shop, "kept")) == 1
    assert isinstance(refused(shop, "whole"), MissingColumns)


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT {ROW};",
        f"select {ROW} -- the end",
        f"WITH a AS (SELECT {ROW}) SELECT * FROM a",
        f"(SELECT {ROW} /* % {{}} %s */)",
        f"SELECT {ROW}, '#' AS purpose, jsonb '{{\"a\": 1}}' #>> '{{a}}' AS category",
        "\n  SELECT * FROM (VALUES ('a', now(), 'visit', 'web')) AS v (customer_id, occurred_at, kind, channel)",
    ],
)
def test_a_select_is_read_as_it_stands(shop: Server, query: str) -> None:
    assert len(seen(shop, query)) == 1


def test_money_is_exact_whatever_type_holds_it(shop: Server) -> None:
    cents = [0, 1, 10, 29, 115, 70_07, 1_000_000_000_00, 999_999_999_99]
    exact = [Decimal(each) / 100 for each in cents]
    shop.run(
        f"CREATE TABLE t AS SELECT {ROW}, m::numeric(14, 2) AS amount, m AS discount, m::money AS unit_cost, m::float8 AS points"
        f" FROM unnest(ARRAY[{', '.join(map(str, exact))}]::numeric(14, 2)[]) AS m"
    )
    arrived = read(shop, "t")
    assert arrived["amount"].tolist() == [float(each) for each in exact]
    assert arrived["unit_cost"].tolist() == arrived["discount"].tolist() == [f"{each:.2f}" for each in exact]
    typed = seen(shop, "t")
    for column in ("amount", "discount", "unit_cost", "points"):
        assert [round(100 * value) for value in typed[column]] == cents
        assert not typed["bad_number"].any()


def test_a_number_that_identifies_keeps_every_digit(shop: Server) -> None:
    long = "123456789012345678901234567890"
    shop.run(
        f"CREATE TABLE t AS SELECT {ROW}, {long}::numeric AS order_id, 9007199254740993 AS event_id, 7::int2 AS case_id,"
        " 999999999999999::numeric(15) AS product_id, 9999999999999999::numeric(16, 0) AS store_id"
    )
    found = seen(shop, "t").iloc[0]
    assert found[["order_id", "event_id", "case_id", "product_id", "store_id"]].tolist() == [
        long, "9007199254740993", "7", "9" * 15, "9" * 16,
    ]  # fmt: skip


def test_floats_arrive_to_the_last_bit(shop: Server) -> None:
    values = [0.1, 1 / 3, 1e-300, 1.7976931348623157e308, -0.0]
    shop.run(f"CREATE TABLE t AS SELECT {ROW}, v AS amount FROM unnest(ARRAY{values}::float8[]) AS v")
    assert read(shop, "t")["amount"].tolist() == values
    assert read(shop, f"SELECT {ROW}, 1.1::float4 AS amount")["amount"].tolist() == [1.1]


@pytest.mark.parametrize(
    "number",
    ["'NaN'::numeric", "'NaN'::numeric(9, 2)", "'NaN'::float8", "'Infinity'::float8", "'-Infinity'::float4"],
)
def test_what_is_no_finite_number_is_rejected_with_its_row_only(shop: Server, number: str) -> None:
    report = api.check(
        f"postgres:{shop.address()}#SELECT {ROW}, {number} AS amount UNION ALL SELECT {ROW}, 5"
    )
    assert (report.account.rows_accepted, report.account.rejected) == (1, {"BAD_NUMBER": 1})


def test_an_instant_is_the_same_instant_whatever_zone_the_server_lives_in(shop: Server) -> None:
    shop.run(
        "CREATE TABLE t AS SELECT 'a' AS customer_id, 'visit' AS kind, 'web' AS channel,"
        " timestamptz '2024-03-10 01:30:00.000001-08' AS occurred_at, timestamp '2024-03-10 23:59:59.5' AS known_at"
    )
    found = seen(shop, "t").iloc[0]
    assert found["occurred_us"] == int(datetime(2024, 3, 10, 9, 30, tzinfo=UTC).timestamp()) * 1_000_000 + 1
    assert (
        found["known_us"]
        == int(datetime(2024, 3, 10, 23, 59, 59, tzinfo=UTC).timestamp()) * 1_000_000 + 500_000
    )
    cast = seen(shop, f"SELECT {ROW}, (timestamptz '2024-01-01 23:30-05')::timestamp AS known_at").iloc[0]
    assert cast["known_us"] == int(datetime(2024, 1, 2, 4, 30, tzinfo=UTC).timestamp()) * 1_000_000
    day = seen(
        shop, "SELECT 'a' customer_id, 'visit' kind, 'web' channel, date '2024-02-03' occurred_at"
    ).iloc[0]
    assert day["occurred_us"] == (date(2024, 2, 3) - date(1970, 1, 1)).days * 86_400_000_000


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
def test_times_before_christ_and_at_infinity_are_out_of_range_and_stop_nothing(
    shop: Server, kind: str
) -> None:
    shop.run(
        f"CREATE TABLE t AS SELECT 'a' AS customer_id, 'visit' AS kind, 'web' AS channel, t::{kind} AS occurred_at FROM"
        " unnest(ARRAY['infinity', '-infinity', '15/03/0044 BC', '01/01/20000', '01/02/2024', NULL]) AS t"
    )
    account = api.check(f"postgres:{shop.address()}#t").account
    assert account.rows_accepted == 1
    assert account.rejected == {"TIME_OUT_OF_RANGE": 4, "NULL_TIME": 1}
    assert account.first_day in {date(2024, 2, 1), date(2024, 1, 31)}  # as the server's zone, India's, has it


def test_text_arrives_character_by_character(shop: Server) -> None:
    hostile = [
        "", None, "NULL", "\\N", "\\.", "a,b", 'say "hi"', "'; DROP TABLE t; --", "two\nlines", "\r\n", "\r", "\t",
        " both ", "🍎名", '"', '""', ",", "\\", "t", "NaN", "é" * 1000,
    ]  # fmt: skip
    shop.run("CREATE TABLE t (customer_id text, occurred_at date, kind text, channel text, category text)")
    shop.copy_in("t", [("a", date(2024, 1, 1), "visit", "web", each) for each in hostile])
    assert [None if pd.isna(each) else each for each in read(shop, "t")["category"]] == hostile


def test_enums_uuids_and_truth_values_are_text_to_the_contract(shop: Server) -> None:
    shop.run(
        "DROP TYPE IF EXISTS mood", "CREATE TYPE mood AS ENUM ('glad', 'it''s')",
        f"CREATE TABLE t AS SELECT {ROW}, 'it''s'::mood AS purpose, true AS staff_assisted, inet '10.0.0.1' AS store_id,"
        " uuid 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11' AS event_id, NULL::bool AS category, 'x'::name AS case_id",
    )  # fmt: skip
    found = seen(shop, "t").iloc[0]
    assert found[["purpose", "staff_assisted", "store_id", "event_id", "case_id"]].tolist() == [
        "it's", "true", "10.0.0.1", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "x",
    ]  # fmt: skip
    assert pd.isna(found["category"])


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("'{}'::jsonb", "jsonb"),
        ("ARRAY['a']", "text[]"),
        ("'1 day'::interval", "interval"),
        ("'\\x00'::bytea", "bytea"),
        ("'10:00'::time", "time without time zone"),
        ("ROW(1, 2)", "record"),
        ("'(1,2)'::point", "point"),
        ("'[1,2]'::int4range", "int4range"),
        ("'<a/>'::xml", "xml"),
    ],
)
def test_what_no_contract_column_can_hold_is_refused_by_name_and_kept_in_any_other(
    shop: Server, value: str, told: str
) -> None:
    error = refused(shop, f"SELECT {ROW}, {value} AS category")
    assert isinstance(error, WrongType)
    assert str(error).startswith("column category: expected text or whole numbers, but it holds STRUCT(")
    assert told in str(error)
    report = api.check(f"postgres:{shop.address()}#SELECT {ROW}, {value} AS no_name_of_ours, -1 AS amount")
    assert report.account.ignored_columns == ("no_name_of_ours",)
    assert list(report.rejected["no_name_of_ours"].iloc[0]) == [told]
    assert read(shop, f"SELECT {ROW}, NULLIF({value}::text, {value}::text)::xml AS x")["x"].tolist() == [None]


def test_a_number_is_no_time_and_a_truth_value_no_amount(shop: Server) -> None:
    number = refused(shop, "SELECT 'a' customer_id, 'visit' kind, 'web' channel, 5 AS occurred_at")
    assert "column occurred_at: expected ISO 8601 text, dates or timestamps (never a bare number)" in str(
        number
    )
    assert "column amount: expected numbers, but it holds BOOLEAN" in str(
        refused(shop, f"SELECT {ROW}, true AS amount")
    )


def test_a_table_that_breaks_the_contract_as_a_whole_is_refused(shop: Server) -> None:
    assert "missing: occurred_at, kind, channel" in str(refused(shop, "SELECT 'a' AS customer_id"))
    with pytest.raises(WrongType, match="came twice: kind; give each column once"):
        read(shop, f"SELECT {ROW}, 'x' AS kind")
    assert "it has no columns" in str(refused(shop, "SELECT"))


def test_an_empty_table_has_columns_and_no_rows(shop: Server) -> None:
    shop.run(f"CREATE TABLE t AS SELECT {ROW}, 1.5 AS amount WHERE false")
    assert (list(read(shop, "t")), len(read(shop, "t"))) == (
        ["customer_id", "occurred_at", "kind", "channel", "amount"], 0,
    )  # fmt: skip
    told = answer("check", f"postgres:{shop.address()}#t", exit_code=3)
    assert told["refusal"]["message"].endswith("it holds no rows")


def test_one_moment_is_read_however_long_it_takes(shop: Server) -> None:
    shop.run(f"CREATE TABLE t AS {MANY.format(200_000)}")
    history = opened(shop, "t")
    assert history.batches is not None
    reader = history.batches()
    rows = reader.read_next_batch().num_rows
    assert 0 < rows < 200_000
    shop.run("DELETE FROM t WHERE customer_id::int > 100000", f"INSERT INTO t {MANY.format(7)}")
    assert rows + sum(batch.num_rows for batch in reader) == 200_000
    assert sum(batch.num_rows for batch in history.batches()) == 100_007


def test_the_server_sees_who_reads_and_that_they_only_read(shop: Server) -> None:
    told = read(
        shop,
        "SELECT current_setting('application_name') AS customer_id, now() AS occurred_at,"
        " current_setting('transaction_isolation') AS kind, current_setting('transaction_read_only') AS channel",
    )
    assert told[["customer_id", "kind", "channel"]].iloc[0].tolist() == ["tiercast", "repeatable read", "on"]


def test_who_stops_early_leaves_no_connection_behind(shop: Server) -> None:
    history = opened(shop, MANY.format(1_000_000))
    assert history.batches is not None
    reader = history.batches()
    assert reader.read_next_batch().num_rows
    assert len(shop.readers()) == 1
    del reader
    unread = history.batches()
    del unread
    assert shop.readers() == []


def test_a_row_larger_than_what_is_read_at_once_is_whole(shop: Server) -> None:
    found = read(shop, f"SELECT {ROW}, repeat('🍎', 5000000) AS category UNION ALL SELECT {ROW}, 'b'")
    assert found["category"].str.len().tolist() == [5_000_000, 1]


def test_a_source_can_be_read_again_and_again(shop: Server) -> None:
    shop.run(f"CREATE TABLE t AS SELECT {ROW}")
    history = opened(shop, "t")
    with DuckDBEngine(threads=1) as engine:
        for rows in (1, 2):
            engine.attach(history)
            assert int(engine.run("SELECT COUNT(*) AS n FROM touchpoints")["n"][0]) == rows
            shop.run("INSERT INTO t SELECT * FROM t")
    assert shop.readers() == []


def test_a_map_and_options_are_told_behind_the_table(shop: Server, tmp_path: Path) -> None:
    shop.run(
        "CREATE TABLE orders AS SELECT 7 AS buyer, timestamptz '2024-01-01 12:00Z' AS at, 9.99::numeric(8, 2) AS price"
    )
    (tmp_path / "orders.toml").write_text(
        '[columns]\ncustomer_id = "buyer"\noccurred_at = "at"\nkind = { value = "purchase" }\n'
        'channel = { value = "web" }\namount = "price"\n',
        encoding="utf-8",
    )
    source = f"postgres:{shop.address()}#orders?map={tmp_path / 'orders.toml'}&currency=EUR"
    found = api.check(source).account
    assert (found.rows_accepted, found.currency, found.buyers) == (1, "EUR", 1)
    assert open_source(source).name == source
