"""A history under its column map: the SQL that gives its rows the contract's columns, and what it leaves out."""

from collections.abc import Mapping
from dataclasses import dataclass

from tiercast.errors import SourceError
from tiercast.mapping.cells import Cells
from tiercast.mapping.columnmap import ColumnMap
from tiercast.mapping.compile import excluded_sql, mapped_sql, unused
from tiercast.mapping.options import checked
from tiercast.schema import NAMES, History
from tiercast.serving.reading import DUCKDB, Dialect

ORIGINAL = "original"


@dataclass(frozen=True)
class Mapped:
    """What an engine does with the relation ``original``, the rows as they are, before the contract reads them.

    Parameters
    ----------
    history : History
    types : mapping of str to str
        The columns that came, with the engine's names of their types.
    dialect : Dialect

    Examples
    --------
    >>> plain = Mapped(History("a table"), {"customer_id": "VARCHAR", "shoe": "INTEGER"})
    >>> plain.came(), plain.columns, plain.excluded()
    ('SELECT * FROM original', ['customer_id', 'shoe'], '')
    """

    history: History
    types: Mapping[str, str]
    dialect: Dialect = DUCKDB

    @property
    def mapping(self) -> ColumnMap | None:
        """The map, or None when the rows are read as they are."""
        if self.history.mapping is not None:
            return self.history.mapping
        return ColumnMap() if {"decimal", "thousands", "symbol"} & set(self.history.options) else None

    @property
    def columns(self) -> list[str]:
        """The contract columns that come out, then the columns of the table that nothing is kept of."""
        if self.mapping is None:
            return list(self.types)
        as_they_came = [name for name in self.types if name in NAMES and name not in self.mapping.ignore]
        return list(dict.fromkeys([*self.mapping.columns, *as_they_came, *unused(self.mapping, self.types)]))

    def came(self, *, keep_row: bool = False) -> str:
        """Return the SELECT of the rows under the contract's names.

        Raises
        ------
        MapError, MissingColumns, WrongType
        """
        if self.mapping is None:
            return f"SELECT * FROM {ORIGINAL}"
        return mapped_sql(self.mapping, self._cells(self.mapping), ORIGINAL, keep_row=keep_row)

    def rejected(self, contract: str) -> str:
        """Return the SELECT of every row that was not accepted, as it came, after its ``verdict``."""
        lines = (
            f"SELECT verdict, {self._row} AS line FROM ({contract}) AS contract WHERE verdict <> 'ACCEPTED'"
        )
        return f"SELECT verdict, line.* FROM ({lines}) AS kept"

    def repeats(self, contract: str) -> str:
        """Return the SELECT that counts accepted rows that repeat another, as ``repeats``."""
        lines = f"SELECT {self._row} AS line FROM ({contract}) AS contract WHERE verdict = 'ACCEPTED'"
        grouped = f"SELECT COUNT(*) AS times FROM ({lines}) AS accepted GROUP BY line"
        return f"SELECT COALESCE(SUM(times - 1), 0) AS repeats FROM ({grouped}) AS grouped"

    @property
    def _row(self) -> str:
        """Where the contract view holds the row as it came."""
        return "raw" if self.mapping is None else "raw.source_row"

    def excluded(self) -> str:
        """Return the SELECT that counts excluded rows by reason, or nothing when none can be."""
        if self.mapping is None or not self.mapping.exclude:
            return ""
        return excluded_sql(self.mapping, self._cells(self.mapping), ORIGINAL)

    def _cells(self, mapping: ColumnMap) -> Cells:
        try:
            told = checked({**mapping.options, **self.history.options})
        except ValueError as problem:
            raise SourceError(source=self.history.name, problem=str(problem)) from None
        return Cells(
            self.types,
            self.dialect,
            decimal=told.get("decimal", "."),
            thousands=told.get("thousands", ""),
            symbol=told.get("symbol", ""),
            digits=len(str(self.history.minor_per_major)) - 1,
        )
