"""Reading side tables: whatever table came is typed, each row accounted for, and made one line of time for each key."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from tiercast.collect import choose
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import ContractError, SourceError
from tiercast.schema import History
from tiercast.serving.contract import Column
from tiercast.serving.reading import DUCKDB, output_name, typed_columns
from tiercast.serving.refusals import MissingColumns
from tiercast.sides import SIDES, Side, SideTable
from tiercast.sources.opening import open_source

MOST_REJECTED_SHARE = 0.2


def read_sides(
    given: Mapping[str, str | pd.DataFrame | History], *, extensions: tuple[str, ...] = ()
) -> dict[str, SideTable]:
    """Return side tables by name.

    Parameters
    ----------
    given : mapping of name to source
        Such as ``{"products": "csv:products.csv"}``; what :func:`~tiercast.sources.opening.open_source` opens.

    Raises
    ------
    UnknownName
        There is no such side table.
    MissingColumns, WrongType, SourceError
        A table cannot be read.
    ContractError
        More than a fifth of its rows are rejected.

    Examples
    --------
    >>> came = pd.DataFrame({"product_id": ["p1", "p2", "p3", "p4", None], "days_per_unit": [7.0, 1.0, 2.0, 4.0, 3.0]})
    >>> found = read_sides({"products": came})["products"]
    >>> len(found.frame), found.rows_read, found.rejected
    (4, 5, {'NULL_KEY': 1})
    """
    return {
        name: read_side(choose(SIDES, name, what="side table"), open_source(source, extensions=extensions))
        for name, source in given.items()
    }


def read_side(side: Side, source: History) -> SideTable:
    """Return one side table, typed, with every row accounted for."""
    with DuckDBEngine(threads=1) as engine:
        types = engine.look_at(source)
        missing = [column.name for column in side.columns if column.required and column.name not in types]
        if missing:
            raise MissingColumns(
                f"side table {side.name}: missing {', '.join(missing)}; there is: {', '.join(sorted(types))}",
                missing=missing,
            )
        kinds = (
            {name: _kind(types[name]) for name in types if name not in side.names} if side.attributes else {}
        )
        unread = sorted(name for name, kind in kinds.items() if not kind)
        if unread:
            raise SourceError(
                source=source.name, problem=f"attributes of a type that cannot be read: {', '.join(unread)}"
            )
        more = tuple(Column(name, kind, "an attribute") for name, kind in kinds.items())
        columns = (*side.columns, *more)
        selected = ", ".join(typed_columns(types, columns))
        rows = engine.run(f"SELECT {selected} FROM original")
    verdict = np.select(
        [rows["bad_time"], rows["bad_number"], _nothing(rows, side), _negative(rows, side), _no_zone(rows)],
        ["BAD_TIME", "BAD_NUMBER", "NULL_KEY", "NEGATIVE_NUMBER", "UNKNOWN_ZONE"],
        "ACCEPTED",
    )
    codes = pd.Series(verdict).value_counts()
    rejected = {str(code): int(count) for code, count in sorted(codes.items()) if code != "ACCEPTED"}
    lost = sum(rejected.values())
    if lost > MOST_REJECTED_SHARE * max(len(rows), 1):
        raise ContractError(
            source=f"side table {side.name}",
            read_rows=len(rows),
            rejected_rows=lost,
            allowed_share=MOST_REJECTED_SHARE,
            rows_by_code=rejected,
        )
    kept = rows[verdict == "ACCEPTED"].drop(columns=["bad_time", "bad_number"]).reset_index(drop=True)
    outputs = {output_name(column): column.kind for column in more}
    return SideTable(side.name, kept, outputs, len(rows), lost, rejected)


def _kind(type_name: str) -> str:
    held = DUCKDB.classify(type_name)
    return {"text": "text", "bool": "text", "integer": "number", "float": "number", "date": "time"}.get(
        held, "time" if held.startswith("time") else ""
    )


def _nothing(rows: pd.DataFrame, side: Side) -> pd.Series:
    required = [output_name(column) for column in side.columns if column.required]
    return rows[required].isna().any(axis=1)


def _negative(rows: pd.DataFrame, side: Side) -> pd.Series:
    numbers = [column.name for column in side.columns if column.kind == "number"]
    return (rows[numbers] < 0).any(axis=1) if numbers else pd.Series(False, index=rows.index)


def _no_zone(rows: pd.DataFrame) -> pd.Series:
    if "zone" not in rows:
        return pd.Series(False, index=rows.index)
    known = {zone: _is_zone(zone) for zone in rows["zone"].dropna().unique()}
    return ~rows["zone"].map(lambda zone: known.get(zone, True)).astype(bool)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return True
