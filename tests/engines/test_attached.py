"""What an engine attaches beside files and frames: batches of a database, a table of a DuckDB file, Spark's catalogue."""

import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from tests.world import touchpoints
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.engines.spool import spooled
from tiercast.errors import OutputError, SourceError
from tiercast.schema import History
from tiercast.serving.refusals import MissingColumns

spark_too = pytest.mark.parametrize("name", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
COUNT = "SELECT COUNT(*) AS n, COUNT(DISTINCT customer_id) AS c FROM touchpoints"


def opened(name: str) -> Any:
    if name == "duckdb":
        return DuckDBEngine(threads=1)
    from tiercast.engines.spark import SparkEngine

    return SparkEngine()


def in_batches(rows: int = 5) -> History:
    table = pa.Table.from_pandas(touchpoints(), preserve_index=False)
    return History("a database", batches=lambda: table.to_reader(max_chunksize=rows), format="batches")


@pytest.fixture
def kept(tmp_path: Path) -> Callable[[str], History]:
    """A DuckDB file with tables of hostile names; returns a history of one of them."""
    file = str(tmp_path / "a b's.duckdb")
    world = touchpoints()
    with duckdb.connect(file) as connection:
        connection.register("world", world)
        connection.execute('CREATE TABLE "t; --" AS FROM world')
        connection.execute("CREATE SCHEMA s")
        connection.execute("CREATE TABLE s.orders AS FROM world LIMIT 10")
        connection.execute("CREATE TABLE orders AS FROM world LIMIT 20")
        connection.execute('CREATE TABLE "s.orders" AS FROM world LIMIT 1')
        connection.execute("CREATE VIEW seen AS FROM orders WHERE customer_id = 'ann'")
    return lambda table: History("kept", files=(file,), table=table, format="duckdb")


def test_batches_go_to_disk_one_by_one_and_leave_nothing_behind() -> None:
    with DuckDBEngine(threads=1) as engine:
        folder = Path(engine._temp)
        for rows in (1, 5, 1_000):
            engine.attach(in_batches(rows))
            assert engine.run(COUNT).to_numpy().tolist() == [[33, 6]]
            assert len(list(folder.glob("*.parquet"))) == 1
        engine.attach(History("a frame", frame=touchpoints()))
        assert list(folder.glob("*.parquet")) == []
    assert not folder.exists()


@spark_too
def test_batches_are_read_to_the_same_cells_as_a_frame(name: str) -> None:
    told = "SELECT customer_id, occurred_us, known_us, amount, category FROM touchpoints ORDER BY ALL"
    with opened(name) as engine:
        engine.attach(History("a frame", frame=touchpoints()))
        frame = engine.run(told)
        engine.attach(in_batches())
        assert engine.run(told).equals(frame)


@spark_too
def test_types_that_engines_do_not_share_are_made_plain(name: str) -> None:
    rows = pa.table(
        {
            "customer_id": pa.array(["a", "b"]).dictionary_encode(),
            "occurred_at": pa.array([1_600_000_000_000_000_001, None], pa.timestamp("ns", "UTC")),
            "kind": ["visit", "visit"],
            "channel": ["web", "web"],
            "known_at": pa.nulls(2),
            "amount": pa.array([None, None], pa.decimal128(12, 2)),
        }
    )
    with opened(name) as engine:
        engine.attach(History("a database", batches=rows.to_reader))
        found = engine.run("SELECT customer_id, occurred_us FROM touchpoints ORDER BY customer_id")
        assert found["customer_id"].tolist() == ["a", "b"]
        assert found["occurred_us"].tolist()[0] == 1_600_000_000_000_000


def test_an_empty_answer_is_a_history_without_rows() -> None:
    table = pa.Table.from_pandas(touchpoints(), preserve_index=False).slice(0, 0)
    with DuckDBEngine(threads=1) as engine:
        engine.attach(History("a database", batches=table.to_reader))
        assert engine.run(COUNT)["n"].tolist() == [0]


def test_an_answer_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    batches = in_batches().batches
    assert batches is not None
    whole = batches()

    def broken(error: Exception) -> History:
        def some() -> Iterator[Any]:
            yield next(iter(batches()))
            raise error

        return History("a database", batches=lambda: pa.RecordBatchReader.from_batches(whole.schema, some()))

    for error in (OSError("connection lost"), pa.ArrowInvalid("connection lost")):
        with pytest.raises(SourceError, match="connection lost"):
            spooled(broken(error), tmp_path)
    with pytest.raises(SourceError, match="ours"):
        spooled(broken(SourceError(source="ours", problem="gone")), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_type_that_no_file_holds_is_refused(tmp_path: Path) -> None:
    rows = pa.table({"customer_id": ["a"], "took": pa.array([None], pa.month_day_nano_interval())})
    with pytest.raises(SourceError, match="interval"):
        spooled(History("a database", batches=rows.to_reader), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    rows = pa.table({"customer_id": [str(number) * 50 for number in range(20_000)]})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, before[1]))
    try:
        with pytest.raises(OutputError, match="cannot write"):
            spooled(History("a database", batches=lambda: rows.to_reader(1_000)), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert list(tmp_path.iterdir()) == []


@spark_too
def test_a_table_of_a_duckdb_file_is_found_by_its_name(name: str, kept: Callable[[str], History]) -> None:
    with opened(name) as engine:
        for table, rows in (("t; --", 33), ("orders", 20), ("main.orders", 20), ("seen", 12)):
            engine.attach(kept(table))
            assert engine.run(COUNT)["n"].tolist() == [rows]
        with pytest.raises(SourceError, match=r"no table is named 'x'; there is: .*orders, .*seen"):
            engine.attach(kept("x"))


def test_of_two_tables_that_a_name_could_mean_the_plain_one_is_taken(kept: Callable[[str], History]) -> None:
    with DuckDBEngine(threads=1) as engine:
        engine.attach(kept("s.orders"))
        assert engine.run(COUNT)["n"].tolist() == [1]


def test_a_duckdb_file_is_never_written(kept: Callable[[str], History]) -> None:
    history = kept("orders")
    before = Path(history.files[0]).read_bytes()
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        with pytest.raises(SourceError):
            engine.run("INSERT INTO kept_in_file.main.orders FROM kept_in_file.main.orders")
    assert Path(history.files[0]).read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.duckdb").write_bytes(b"no database at all" * 1_000)
    with DuckDBEngine(threads=1) as engine, pytest.raises(SourceError):
        engine.attach(History("x", files=(str(tmp_path / "x.duckdb"),), table="t", format="duckdb"))


def test_duckdb_refers_a_table_of_sparks_catalogue_to_spark() -> None:
    with DuckDBEngine(threads=1) as engine, pytest.raises(SourceError, match="use the Spark engine"):
        engine.attach(History("spark:t", table="t", format="spark"))


@pytest.mark.spark
def test_spark_reads_its_own_tables_and_removes_its_folder() -> None:
    with opened("spark") as engine:
        engine.attach(in_batches())
        assert engine._folder is not None
        folder = Path(engine._folder.path)
        assert folder.exists()
        rows = touchpoints().astype(object)
        engine._session.createDataFrame(rows.where(rows.notna(), None)).createOrReplaceTempView("mine")
        engine.attach(History("spark:mine", table="mine", format="spark"))
        assert engine.run(COUNT)["n"].tolist() == [33]
        with pytest.raises(SourceError, match="nowhere"):
            engine.attach(History("spark:nowhere", table="nowhere", format="spark"))
        engine.attach(in_batches())
    assert not folder.exists()
    assert engine._folder is None or not Path(engine._folder.path).exists()


def test_rows_that_lack_columns_are_refused_and_can_still_be_looked_at() -> None:
    with DuckDBEngine(threads=1) as engine:
        history = History("two rows", frame=touchpoints()[["customer_id", "amount"]].head(2))
        with pytest.raises(MissingColumns):
            engine.attach(history)
        assert engine.look_at(history) == {"customer_id": "VARCHAR", "amount": "DOUBLE"}
        assert len(engine.run("SELECT * FROM original")) == 2
