"""Standing questions: a text is planned once and answered again and again, with whatever rows each request brings.

Planning hundreds of columns costs DuckDB several times what running them over one customer does, and a prepared statement
is planned anew whenever it reads a table of the catalogue. One that reads only what is handed to it is not. So all it
reads are Arrow tables behind :class:`Handed`, and a plan is kept for each layout of the rows and each cutoff.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import date
from itertools import count
from typing import Any

import pandas as pd
import pyarrow as pa

from . import history
from .tables import NO_TABLES, TABLES, Tables, cutoff_table

MOST_PLANS = 24
"""So many plans are kept on a connection; the one that was not asked for longest makes room."""


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

    def answer(self) -> pd.DataFrame:
        """Return what the text selects of the rows that are handed now."""
        return self._connection.execute(f"EXECUTE {self._name}").df()

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
        brought = {"came": arrow(rows)}
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
            return plan.answer()
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


def arrow(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as Arrow has it; a column in which nothing came is text."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    kinds = [pa.string() if pa.types.is_null(each.type) else each.type for each in table.schema]
    return table.cast(pa.schema(list(zip(table.schema.names, kinds, strict=True))))
