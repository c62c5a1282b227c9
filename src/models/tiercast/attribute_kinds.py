"""Attributes of customers that came as text: what they hold is judged on rows that could be seen, and kept from then on.

A table without types (CSV) does not say whether a column holds numbers. Were the whole file asked, one word that comes to be
known next year would turn last year's numbers into words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from tiercast.errors import SourceError
from tiercast.schema import History
from tiercast.serving.contract import Column
from tiercast.serving.history import connect
from tiercast.serving.reading import DUCKDB, NUMBER_PATTERN, TIME_PATTERN, output_name, typed_columns
from tiercast.sidetable import SideTable, attribute_column, in_force

MOST_UNREAD_SHARE = 0.2
PADDED = "^[+-]?0[0-9]"
"""Numbers are not written so, but post codes are."""
LIKE: Mapping[str, str] = {
    "number": f"{DUCKDB.matches('{0}', NUMBER_PATTERN)} AND NOT {DUCKDB.matches('{0}', PADDED)}",
    "time": DUCKDB.matches("{0}", TIME_PATTERN),
}
"""By kind, whether a cell ``{0}`` of text is one."""


def whole_kind(told: int, alike: Mapping[str, int], possible: Sequence[str]) -> str:
    """Return the kind of a column of text: the first that every cell is, else text.

    Examples
    --------
    >>> whole_kind(3, {"number": 3, "time": 0}, ("number", "time")), whole_kind(0, {"number": 0}, ("number",))
    ('number', 'text')
    """
    return next((kind for kind in possible if alike[kind] == told > 0), "text")


def seen_kinds(table: SideTable, before_day: int) -> SideTable:
    """Return a table of customers whose kinds are those of the rows in force before a day, in days since 1970."""
    if not table.open_kinds:
        return table
    rows = in_force(table, ["customer_id"])
    rows = rows[rows["from_day"] < before_day]
    kinds = {}
    for name, possible in table.open_kinds.items():
        cells = rows[attribute_column(name)].dropna().astype("str").str.strip()
        kinds[name] = whole_kind(
            len(cells), {kind: int(_like(cells, kind).sum()) for kind in possible}, possible
        )
    return as_kinds(table, kinds)


def as_learned(history: History, kinds: Mapping[str, str]) -> History:
    """Return a history whose attributes of customers are of the kinds that were learned, by name.

    Raises
    ------
    SourceError
        An attribute cannot be told so.
    """
    table = history.sides.get("customers")
    if table is None:
        return history
    return replace(history, sides={**history.sides, "customers": as_kinds(table, kinds)})


def as_kinds(table: SideTable, kinds: Mapping[str, str]) -> SideTable:
    """Return a table of customers with attributes of these kinds.

    Words that happen to be numbers are told as words, and text without a type as the numbers or times that it was; a row
    with a cell that is none is rejected and counted.

    Raises
    ------
    SourceError
        An attribute is of another kind, or more than a fifth of its cells are.
    """
    for name, kind in kinds.items():
        if table.attributes.get(name, kind) != kind:
            table = _as_kind(table, name, kind)
    return table


def _as_kind(table: SideTable, name: str, kind: str) -> SideTable:
    column, frame = attribute_column(name), table.frame
    cells, held = frame[column], table.attributes[name]
    bad = np.zeros(len(frame), dtype=bool)
    if not cells.notna().any():
        told = cells.astype("str" if kind == "text" else "float64")
    elif (held, kind) == ("number", "text"):
        told = cells.map(_written, na_action="ignore").astype("str")
    elif held == "text" and kind in table.open_kinds.get(name, ()):
        told = _read(cells, kind)
        bad = (cells.notna() & (cells.astype("str").str.strip() != "") & told.isna()).to_numpy()
    else:
        raise _another(name, held, kind)
    if bad.sum() > MOST_UNREAD_SHARE * cells.notna().sum():
        raise _another(name, held, kind)
    code = f"BAD_{kind.upper()}"
    lost = {code: table.rejected.get(code, 0) + int(bad.sum())} if bad.any() else {}
    return replace(
        table,
        frame=frame.assign(**{column: told})[~bad].reset_index(drop=True),
        attributes={**table.attributes, name: kind},
        rows_rejected=table.rows_rejected + int(bad.sum()),
        rejected={**table.rejected, **lost},
    )


def _another(name: str, held: str, kind: str) -> SourceError:
    return SourceError(
        source="side table customers",
        problem=f"attribute {name} is {held}, and this version learned it as {kind}",
        fix="give it as it was, or train on this table",
    )


def _like(cells: pd.Series, kind: str) -> pd.Series:
    return _asked(cells, f"COALESCE({LIKE[kind].replace('{0}', 'cell')}, FALSE) AS told")["told"].astype(bool)


def _read(cells: pd.Series, kind: str) -> pd.Series:
    column = Column("cell", "time" if kind == "time" else "number", "")
    found = _asked(cells, ", ".join(typed_columns({"cell": "VARCHAR"}, (column,))))
    return found[output_name(column)].astype("float64").set_axis(cells.index)


def _asked(cells: pd.Series, selected: str) -> pd.DataFrame:
    with connect() as connection:
        connection.register("cells", pd.DataFrame({"cell": cells.astype("str").to_numpy()}))
        return connection.execute(f"SELECT {selected} FROM cells").df()


def _written(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)
