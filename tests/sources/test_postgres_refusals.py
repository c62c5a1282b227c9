"""What a PostgreSQL source refuses: what is not there, what would write, what breaks while it is read."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sources.postgres_server import MANY, ROW, Server, opened, read, refused, running
from tiercast import api
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import SourceError, exit_code_of
from tiercast.schema import History
from tiercast.sources.opening import open_source


def test_a_missing_table_is_told_with_those_that_are_there_the_likeliest_first(shop: Server) -> None:
    shop.run(
        "CREATE SCHEMA IF NOT EXISTS archive", 'CREATE TABLE archive."Old orders" ()', "CREATE TABLE a ()",
        "CREATE VIEW touchpoints AS SELECT 1 AS x", "CREATE INDEX hidden ON pg_temp.nothing (x)"
        if False else "CREATE SEQUENCE hidden",
    )  # fmt: skip
    there = 'there is: touchpoints, a, archive."Old orders"'
    told = refused(shop, "touchpoint")
    assert str(told).endswith(f'relation "touchpoint" does not exist; {there}')
    assert (told.code, exit_code_of(told)) == ("UNREADABLE_SOURCE", 3)
    assert 'there is: a, archive."Old orders", touchpoints' in str(refused(shop, ""))
    assert "there is: " in str(refused(shop, "SELECT * FROM nowhere.x"))
    with pytest.raises(SourceError, match="no table is named after #; there is: a"):
        read(shop, "")
    shop.run(*(f"CREATE TABLE m{number} ()" for number in range(30)))
    assert "and 13 more" in str(refused(shop, "touchpoint"))


def test_a_table_that_may_not_be_read_is_refused_and_not_listed(shop: Server) -> None:
    shop.run("DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN", f"CREATE TABLE t AS SELECT {ROW}",
             "GRANT USAGE ON SCHEMA public TO PUBLIC")  # fmt: skip
    guest = shop.address(user="guest")
    with pytest.raises(SourceError, match="permission denied for table t"):
        api.check(f"postgres:{guest}#t")
    with pytest.raises(SourceError, match="there is: no table that this user may read"):
        api.check(f"postgres:{guest}#nothing")


@pytest.mark.parametrize(
    "hostile",
    [
        'x"; DROP TABLE t; --',
        "t; DROP TABLE t",
        "DELETE FROM t",
        "SELECT 1; DROP TABLE t",
        "SELECT 1) AS asked; COMMIT; DROP TABLE t; SELECT * FROM (SELECT 1",
        "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone",
        "SELECT *, nextval('s') AS points FROM t",
        "SELECT t.* FROM t, set_config('transaction_read_only', 'off', true), nextval('s')",
    ],
)
def test_nothing_that_is_asked_for_can_write(shop: Server, hostile: str) -> None:
    shop.run(f"CREATE TABLE t AS SELECT {ROW}", "CREATE SEQUENCE s")
    with pytest.raises(SourceError):
        read(shop, hostile)
    assert shop.run("SELECT count(*) FROM t") == [(1,)]
    assert shop.run("SELECT is_called FROM s") == [(False,)]


def test_a_quoted_name_reaches_nothing_but_a_table_of_that_name(shop: Server) -> None:
    shop.run(f"CREATE TABLE t AS SELECT {ROW}")
    assert "does not exist; there is: t" in str(refused(shop, '"x""; DROP TABLE t; --"'))


def test_the_servers_time_limit_ends_in_a_coded_error(shop: Server) -> None:
    slow = f"SELECT {ROW}, pg_sleep(5)::text AS category"
    told = refused(shop, slow, "options='-c statement_timeout=200ms'")
    assert "statement timeout" in str(told)
    assert "PGOPTIONS" in str(told)
    assert told.code == "UNREADABLE_SOURCE"


def test_a_row_that_makes_the_select_fail_is_told_without_its_value(shop: Server) -> None:
    told = refused(shop, f"SELECT {ROW}, v::int AS amount FROM (SELECT 'ann@example' || '.com' AS v) AS x")
    assert "InvalidTextRepresentation" in str(told)
    assert "ann@example.com" not in str(told)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT nothing FROM pg_class", 'column "nothing" does not exist'),
        ("SELECT * FROM t WHERE", "syntax error"),
        ("VALUES (1), ('x')", "InvalidTextRepresentation"),
    ],
)
def test_a_select_with_a_mistake_is_told_in_the_servers_words(
    shop: Server, query: str, expected: str
) -> None:
    assert expected in str(refused(shop, query))


def test_text_in_no_known_encoding_is_refused_and_in_a_known_one_is_read(server: Server) -> None:
    server.run("DROP DATABASE IF EXISTS raw", "CREATE DATABASE raw TEMPLATE template0 ENCODING 'SQL_ASCII'")
    address = server.address(database="raw")
    with pytest.raises(SourceError, match="cannot be read or computed"):
        api.check(f"postgres:{address}#SELECT {ROW}, convert_from('\\xff', 'SQL_ASCII') AS category")
    latin = "DROP DATABASE IF EXISTS latin", "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'"
    server.run(*latin)
    server.run("CREATE TABLE t AS SELECT chr(252) AS customer_id, now() AS occurred_at, 'a' AS kind, 'b' AS channel",
               database="latin")  # fmt: skip
    address = server.address(database="latin")
    assert api.check(f"postgres:{address}#t").account.rows_accepted == 1
    history = open_source(f"postgres:{address}#t")
    assert history.batches is not None
    assert history.batches().read_all()["customer_id"].to_pylist() == ["ü"]


def test_a_server_killed_while_it_is_read_ends_in_a_coded_error(tmp_path: Path) -> None:
    with running() as doomed:
        history = opened(doomed, MANY.format(2_000_000))
        assert history.batches is not None
        read_through = history.batches
        history = History(history.name, batches=lambda: _dying(read_through(), doomed), format="postgres")
        with DuckDBEngine(threads=1) as engine, pytest.raises(SourceError) as told:
            engine.attach(history)
    assert "the connection was lost after " in str(told.value)
    assert "run the same command again" in str(told.value)
    assert told.value.code == "UNREADABLE_SOURCE"


def _dying(reader: Any, server: Server) -> Any:
    """Return the reader, whose server dies after the first batch."""
    import pyarrow as pa

    def batches() -> Iterator[Any]:
        yield reader.read_next_batch()
        server.kill()
        yield from reader

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


def test_a_server_that_never_answers_is_not_waited_for_forever() -> None:
    pytest.importorskip("psycopg")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"postgresql://ann@127.0.0.1:{silent.getsockname()[1]}/shop?connect_timeout=2"
        with pytest.raises(SourceError, match="timeout expired"):
            api.check(f"postgres:{address}#t")


def test_nobody_there_is_a_coded_error(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    for address in (f"host={tmp_path}", "postgresql://ann@127.0.0.1:1/shop", "host=no.such.host.invalid"):
        with pytest.raises(SourceError, match="check host, port, database and user") as told:
            api.check(f"postgres:{address}#t")
        assert "\n" not in str(told.value)


def test_a_missing_driver_is_told_by_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(
        SourceError, match=r"psycopg is not installed; pip install 'tiercast\[postgres\]'"
    ) as told:
        open_source("postgres:service=shop#orders")
    assert exit_code_of(told.value) == 3
