"""Standing questions: a text is planned once and answered again and again, with whatever rows each request brings.

Planning hundreds of columns costs DuckDB several times what running them over one customer does, and a prepared statement
is planned anew whenever it reads a table of the catalogue. One that reads only what is handed to it is not. So all it
reads are Arrow tables behind :class:`Handed`, and a plan is kept for each layout of the rows and each cutoff.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from . import history
from .contract import NAMES, REQUIRED, TOUCHPOINTS
from .tables import NO_TABLES, TABLES, Tables, cutoff_table

MOST_PLANS = 24
"""So many plans are kept on a connection; the one that was not asked for longest makes room."""
FEW_ROWS = 500
"""Of so few touchpoints the answer is short, and making its frame costs more than reading its cells."""


class Handed:
    """A table that is asked for its rows at every run, all of one layout.

    Examples
    --------
    >>> handed = Handed(pa.table({"customer_id": ["c1"]}))
    >>> handed.rows = pa.table({"customer_id": ["c2", "c3"]})
    >>> pa.table(handed).num_rows
    2
    """

    def __init__(self, rows: pa.Table) -> None:
        self.rows = rows

    def __arrow_c_schema__(self) -> Any:
        return self.rows.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.rows.__arrow_c_stream__(requested_schema)


class Plan:
    """One text, planned over relations that are handed in by name."""

    def __init__(self, connection: Any, number: int, text: str, relations: Mapping[str, Handed]) -> None:
        self._connection = connection
        self._name = f"standing_{number}"
        self._own = {f"{name}_{number}": handed for name, handed in relations.items()}
        for name, handed in self._own.items():
            connection.register(name, handed)
        try:
            for name in relations:
                connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM {name}_{number}")
            history.bind(connection, "came")
            connection.execute(f"PREPARE {self._name} AS {text}")
        except BaseException:
            self._forget()
            raise

    def answer(self, *, few: bool) -> pd.DataFrame:
        """Return what the text selects of the rows that are handed now."""
        return framed(self._connection.execute(f"EXECUTE {self._name}"), few=few)

    def drop(self) -> None:
        """Make room."""
        self._connection.execute(f"DEALLOCATE {self._name}")
        self._forget()

    def _forget(self) -> None:
        for name in self._own:
            self._connection.unregister(name)


class Standing:
    """The standing questions on one connection, which no other thread uses meanwhile.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    tables : Tables
        The dictionaries that ship with a version.
    """

    def __init__(self, connection: Any, tables: Tables) -> None:
        self._connection = connection
        self._peaks = tables.peaks
        self._frozen = {name: Handed(arrow(tables.frame(name))) for name in tables.frozen}
        self._plans: OrderedDict[Any, tuple[Plan, dict[str, Handed]]] = OrderedDict()
        self._numbers = count()

    def answer(
        self, text: str, rows: pd.DataFrame, *, cutoff: date | None = None, people: Tables = NO_TABLES
    ) -> pd.DataFrame:
        """Return what a text selects of touchpoints as they came; see :func:`~.history.run`.

        Parameters
        ----------
        text : str
        rows : pandas.DataFrame
            Each layout, the names and types of its columns, has a plan of its own.
        cutoff : date, optional
            What is filled in for the text's cutoff.
        people : Tables, optional
            The tables about customers.

        Raises
        ------
        MissingColumns, WrongType
            As :func:`~.reading.read_sql`.
        """
        days = [] if cutoff is None else [cutoff]
        spoken = history.words(text)
        brought = {"came": arrow(rows[read_of(text, tuple(rows))])}
        if "clock" in spoken:
            brought["clock"] = pa.table({"now_s": pa.array([int(time.time())], pa.int64())})
        if "cutoffs" in spoken:
            brought["cutoffs"] = arrow(cutoff_table(days, self._peaks))
        brought |= {
            name: arrow(people.frame(name)) for name in TABLES if name in spoken and name not in self._frozen
        }
        key = (text, str(brought["came"].schema), cutoff)
        if key not in self._plans:
            self._plan(key, text, days, brought)
        self._plans.move_to_end(key)
        plan, handed = self._plans[key]
        for name, table in brought.items():
            handed[name].rows = table
        try:
            return plan.answer(few=len(rows) <= FEW_ROWS)
        finally:
            for name, table in brought.items():
                handed[name].rows = table.slice(0, 0)  # nobody's rows stay behind

    def _plan(self, key: Any, text: str, days: list[date], brought: Mapping[str, pa.Table]) -> None:
        handed = {name: Handed(table) for name, table in brought.items()}
        frozen = {name: handed for name, handed in self._frozen.items() if name in history.words(text)}
        ((filled, _),) = history.one_by_one(text, days)
        plan = Plan(self._connection, next(self._numbers), filled, {**frozen, **handed})
        self._plans[key] = (plan, handed)
        if len(self._plans) > MOST_PLANS:
            _, (oldest, _) = self._plans.popitem(last=False)
            oldest.drop()


@lru_cache(maxsize=64)
def read_of(text: str, came: tuple[str, ...]) -> list[str]:
    """Return the columns of a request that a text reads: what it never speaks of need not be handed over.

    Numbers and times are read always, since one that cannot be read rejects its row, and all columns are where the
    ids of events are compared.

    Examples
    --------
    >>> read_of("SELECT amount FROM touchpoints", ("customer_id", "purpose", "rating", "shoe"))
    ['customer_id', 'rating']
    """
    spoken = history.words(text)
    needed = {each.name for each in TOUCHPOINTS if each.kind != "text"} | set(REQUIRED)
    wanted = set(NAMES) if "event_id" in came else needed | (set(NAMES) & spoken)
    return [name for name in came if name in wanted]


def framed(found: Any, *, few: bool) -> pd.DataFrame:
    """Return DuckDB's answer as a frame; the numbers of a few rows as one block, where DuckDB makes column after column.

    Examples
    --------
    >>> asked = "SELECT 'ann' AS customer_id, 1::BIGINT AS cutoff_day, NULL::DOUBLE AS gap_days"
    >>> with history.connect() as connection:
    ...     framed(connection.execute(asked), few=True)
      customer_id  cutoff_day  gap_days
    0         ann           1       NaN
    """
    names, kinds = zip(*((told[0], str(told[1])) for told in found.description), strict=True)
    first = kinds.index("DOUBLE") if "DOUBLE" in kinds else len(kinds)
    if not few or not set(kinds[:first]) <= {"VARCHAR", "BIGINT"} or set(kinds[first:]) != {"DOUBLE"}:
        return pd.DataFrame(found.df())
    rows = found.fetchall()
    numbers = np.array([row[first:] for row in rows], dtype="float64").reshape(-1, len(names) - first)
    frame = pd.DataFrame(numbers, columns=list(names[first:]))
    for at in range(first):
        cells = [row[at] for row in rows]
        whole = "float64" if None in cells else "int64"
        frame.insert(at, names[at], pd.Series(cells, dtype="str" if kinds[at] == "VARCHAR" else whole))
    return frame


def arrow(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as Arrow has it; a column in which nothing came is text."""
    columns = [pa.array(frame[name], from_pandas=True) for name in frame]
    typed = [each.cast(pa.string()) if pa.types.is_null(each.type) else each for each in columns]
    return pa.table(typed, names=list(frame))
