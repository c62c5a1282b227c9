"""History: the frozen text is run on DuckDB over one table of touchpoints, for a batch and for a web request alike."""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import duckdb
import pandas as pd

from .reading import read_sql
from .refusals import BadCutoff
from .stages import CUTOFF
from .tables import NO_TABLES, TABLES, Tables, clock_table, cutoff_table

EPOCH = date(1970, 1, 1)
EARLIEST, LATEST = date(1970, 1, 1), date(2100, 12, 31)


def parse_cutoff(value: object) -> date:
    """Return the day whose midnight UTC is the cutoff.

    Accepts a date, or text such as ``2017-11-06`` or ``2017-11-06T00:00:00Z``.

    Raises
    ------
    BadCutoff
        Nothing came, it cannot be read, is not midnight UTC, or lies outside 1970 to 2100.

    Examples
    --------
    >>> parse_cutoff("2017-11-06T00:00:00Z")
    datetime.date(2017, 11, 6)
    >>> parse_cutoff("")
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.BadCutoff: no cutoff came: send the day whose midnight UTC ends the history, as in 2026-01-31
    """
    if value is pd.NaT or not isinstance(value, date | str) or not str(value).strip():
        raise BadCutoff("no cutoff came: send the day whose midnight UTC ends the history, as in 2026-01-31")
    if isinstance(value, datetime):
        moment = value
    else:
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise BadCutoff("the cutoff is not an ISO 8601 day: send it as in 2026-01-31") from None
    if not EARLIEST.year <= moment.year <= LATEST.year:
        raise BadCutoff(f"the cutoff is out of range: send a day from {EARLIEST} to {LATEST}")
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    if moment != datetime(moment.year, moment.month, moment.day):
        raise BadCutoff("the cutoff is not midnight UTC: send a day, as in 2026-01-31")
    return moment.date()


def day_number(day: date) -> int:
    """Return days since 1970-01-01.

    Examples
    --------
    >>> day_number(date(1970, 1, 2))
    1
    """
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """Return the date of a day number, the inverse of :func:`day_number`."""
    return EPOCH + timedelta(days=int(number))


def connect(*, threads: int = 1, memory_limit: str | None = None, temp_directory: str | None = None) -> Any:
    """Open a private DuckDB that reads nothing from outside once :func:`lock` is called."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute(f"SET threads = {int(threads)}")
    connection.execute("SET enable_progress_bar = false")
    connection.execute(
        "SET nested_loop_join_threshold = 1000"
    )  # a panel's cutoffs: sorting all rows costs more
    if memory_limit:
        connection.execute("SET memory_limit = ?", [memory_limit])
    if temp_directory:
        connection.execute("SET temp_directory = ?", [temp_directory])
    return connection


def lock(connection: Any) -> None:
    """Forbid files, extensions and further settings: a request can only reach the frames registered for it."""
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def bind(connection: Any, relation: str) -> list[str]:
    """Make ``relation`` readable as ``touchpoints`` and return the columns that came.

    Raises
    ------
    MissingColumns, WrongType
        As :func:`read_sql`.
    """
    types = types_of(connection, relation)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW touchpoints AS {read_sql(types, relation)}")
    return list(types)


def types_of(connection: Any, relation: str) -> dict[str, str]:
    """Return the columns of a relation with DuckDB's names of their types."""
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return {str(row[0]): str(row[1]) for row in described}


def run(
    connection: Any,
    text: str,
    *,
    cutoffs: Iterable[date] = (),
    tables: Tables = NO_TABLES,
    now_s: int | None = None,
) -> pd.DataFrame:
    """Run a text over the bound touchpoints.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        After :func:`bind`.
    cutoffs : iterable of date
        What is filled in for :data:`~.stages.CUTOFF`, one after the other; rows of the relation ``cutoffs``.
    tables : Tables
        What else the text joins.
    now_s : int, optional
        Seconds since 1970 after which a row is in the future; default is the clock's.

    Returns
    -------
    pandas.DataFrame
        What the text selects.
    """
    spoken = words(text)
    frames = []
    for filled, days in one_by_one(text, cutoffs):
        with joined(connection, cutoffs=days, tables=tables, now_s=now_s, only=spoken):
            frames.append(connection.execute(filled).df())
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def one_by_one(text: str, cutoffs: Iterable[date]) -> list[tuple[str, list[date]]]:
    """Return a text filled in for one cutoff after the other, each with its cutoff; without a place for it, once.

    No cutoff at all is one that has seen nothing.

    Examples
    --------
    >>> one_by_one("SELECT :cutoff_day", [date(1970, 1, 3)])
    [('SELECT 2', [datetime.date(1970, 1, 3)])]
    >>> one_by_one("SELECT 1 FROM cutoffs", [date(1970, 1, 3), date(1970, 1, 2)])[0][1]
    [datetime.date(1970, 1, 3), datetime.date(1970, 1, 2)]
    """
    if CUTOFF not in text:
        return [(text, list(cutoffs))]
    days = sorted(set(cutoffs))
    return [(text.replace(CUTOFF, str(day_number(day))), [day]) for day in days] or [
        (text.replace(CUTOFF, "-1"), [])
    ]


@lru_cache(maxsize=64)
def words(text: str) -> frozenset[str]:
    """Return every name that a text speaks of."""
    return frozenset(re.findall(r"[a-z_][a-z0-9_]*", text))


@contextmanager
def joined(
    connection: Any,
    *,
    cutoffs: Iterable[date] = (),
    tables: Tables = NO_TABLES,
    now_s: int | None = None,
    only: Collection[str] | None = None,
) -> Iterator[None]:
    """Make the small tables readable by their names while the block runs; ``only`` those of which a text speaks."""
    small = {name: tables.frame(name) for name in TABLES if only is None or name in only}
    if only is None or "cutoffs" in only:
        small["cutoffs"] = cutoff_table(cutoffs, tables.peaks)
    if only is None or "clock" in only:
        small["clock"] = clock_table(now_s)
    for name, frame in small.items():
        connection.register(name, frame)
    try:
        yield
    finally:
        for name in small:
            connection.unregister(name)
