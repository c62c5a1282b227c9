"""Opening: ``duckdb`` or ``spark`` becomes an engine; what the other needs is never imported."""

from collections.abc import Callable

from tiercast.collect import choose
from tiercast.engines.engine import Engine
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


def read_stage(engine: Engine) -> str:
    """Return the SELECT by which an engine reads what was attached into the contract's columns.

    This is all that differs between engines, and between forms of one history; every text after it is the same.

    Examples
    --------
    >>> import pandas as pd
    >>> from tiercast.schema import History
    >>> came = {"customer_id": ["a"], "occurred_at": ["2025-01-01"], "kind": ["visit"], "channel": ["web"]}
    >>> with open_engine("duckdb", threads=1) as engine:
    ...     engine.attach(History("one row", frame=pd.DataFrame(came)))
    ...     "epoch_us(TRY_CAST(" in read_stage(engine)
    True
    """
    described = engine.run("DESCRIBE SELECT * FROM came")
    types = dict(zip(described.iloc[:, 0].map(str), described.iloc[:, 1].map(str), strict=True))
    return read_sql(types, "came", dialect=DIALECTS[engine.name]())


def _duckdb(threads: int | None) -> Engine:
    from tiercast.engines.duckdb import DuckDBEngine

    return DuckDBEngine(threads=threads)


def _spark(_: int | None) -> Engine:
    from tiercast.engines.spark import SparkEngine

    return SparkEngine()
