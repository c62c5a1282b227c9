"""Opening: ``duckdb`` or ``spark`` becomes an engine; what the other needs is never imported."""

from collections.abc import Callable

from tiercast.collect import choose
from tiercast.engines.engine import Engine
from tiercast.engines.identified import resolver
from tiercast.engines.mapped import ORIGINAL, Mapped
from tiercast.schema import History
from tiercast.serving.reading import Dialect, SparkDialect, read_sql

DIALECTS: dict[str, type[Dialect]] = {"duckdb": Dialect, "spark": SparkDialect}


def open_engine(name: str = "duckdb", *, threads: int | None = None) -> Engine:
    """Return the engine of that name; close it by leaving its ``with`` block.

    Parameters
    ----------
    name : str
        ``duckdb`` runs inside this process; ``spark`` in the active Spark session, else in one that is started.
    threads : int, optional
        For DuckDB; Spark has its own settings.

    Raises
    ------
    UnknownName
        There is no such engine.
    NoSpark
        PySpark or Java is missing.

    Examples
    --------
    >>> with open_engine("duckdb", threads=1) as engine:
    ...     engine.name
    'duckdb'
    >>> open_engine("sparc")
    Traceback (most recent call last):
    tiercast.errors.UnknownName: no engine is named 'sparc'; did you mean 'spark'? there is: duckdb, spark
    """
    engines: dict[str, Callable[[int | None], Engine]] = {"duckdb": _duckdb, "spark": _spark}
    return choose(engines, name, what="engine")(threads)


def read_stage(engine: Engine, history: History) -> str:
    """Return the SELECT by which an engine reads the attached history, the relation ``original``, into the contract.

    This is all that differs between engines, and between forms of one history; every text after it is the same.

    Examples
    --------
    >>> import pandas as pd
    >>> came = {"customer_id": ["a"], "occurred_at": ["2025-01-01"], "kind": ["visit"], "channel": ["web"]}
    >>> history = History("one row", frame=pd.DataFrame(came))
    >>> with open_engine("duckdb", threads=1) as engine:
    ...     engine.attach(history)
    ...     print(read_stage(engine, history)[:60])
    WITH came AS (
    SELECT * FROM original
    )
    SELECT *, FALSE AS i
    """
    dialect = DIALECTS[engine.name]()
    came = Mapped(history, _types(engine, ORIGINAL), dialect).came()
    types = _types(engine, "came")
    return f"WITH came AS (\n{came}\n)\n{read_sql(types, 'came', dialect=dialect, resolve=resolver(history))}"


def _types(engine: Engine, relation: str) -> dict[str, str]:
    described = engine.run(f"DESCRIBE SELECT * FROM {relation}")
    return dict(zip(described.iloc[:, 0].map(str), described.iloc[:, 1].map(str), strict=True))


def _duckdb(threads: int | None) -> Engine:
    from tiercast.engines.duckdb import DuckDBEngine

    return DuckDBEngine(threads=threads)


def _spark(_: int | None) -> Engine:
    from tiercast.engines.spark import SparkEngine

    return SparkEngine()
