"""A table in a DuckDB file: found by its name, quoted safely, and never written to."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tiercast.errors import SourceError
from tiercast.schema import History
from tiercast.serving.reading import DUCKDB

ALIAS = "kept_in_file"


def table_in(connection: Any, file: str, table: str, *, source: str) -> str:
    """Attach a DuckDB file to a connection, for reading only, and return its table as it stands after FROM.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    file : str
    table : str
        A name, or ``schema.name``. A table or a view.
    source : str
        What the refusal calls it.

    Raises
    ------
    SourceError
        There is no such table, or two; the message lists those there are.
    """
    there = attach(connection, file)
    named = [(schema, name) for schema, name in there if table in (name, f"{schema}.{name}")]
    in_main = [pair for pair in named if pair[0] == "main"]
    found = named if len(named) < 2 else in_main
    if len(found) != 1:
        problem = f"several tables are named {table!r}" if named else f"no table is named {table!r}"
        raise SourceError(source=source, problem=problem, fix=listing(there))
    schema, name = found[0]
    return f"{ALIAS}.{DUCKDB.quote(schema)}.{DUCKDB.quote(name)}"


def as_batches(history: History) -> History:
    """Return the same table as batches, for an engine that does not read DuckDB files itself."""
    return replace(history, format="batches", batches=lambda: _reader(history))


def _reader(history: History) -> Any:
    import duckdb
    import pyarrow as pa

    def told(error: duckdb.Error) -> SourceError:
        return SourceError(source=history.name, problem=str(error).splitlines()[0])

    connection: Any = duckdb.connect(":memory:")
    try:
        place = table_in(connection, history.files[0], history.table, source=history.name)
        answer = connection.sql(f"SELECT * FROM {place}").to_arrow_reader()
    except duckdb.Error as error:
        raise told(error) from error

    def batches() -> Iterator[Any]:
        try:
            yield from answer
        except duckdb.Error as error:
            raise told(error) from error
        finally:
            connection.close()

    return pa.RecordBatchReader.from_batches(answer.schema, batches())


def attach(connection: Any, file: str) -> list[tuple[str, str]]:
    """Attach the file in place of the one before and return its tables and views as (schema, name)."""
    connection.execute(f"DETACH DATABASE IF EXISTS {ALIAS}")
    path = str(Path(file)).replace("'", "''")
    connection.execute(f"ATTACH '{path}' AS {ALIAS} (READ_ONLY)")
    return connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = ?"
        " ORDER BY table_schema, table_name",
        [ALIAS],
    ).fetchall()


def listing(there: list[tuple[str, str]]) -> str:
    """Return the tables there are as a sentence that ends a refusal."""
    names = [name if schema == "main" else f"{schema}.{name}" for schema, name in there]
    return f"there is: {', '.join(names)}" if names else "it holds no tables"
