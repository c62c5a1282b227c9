"""Reading side tables: whatever table came is typed, and each of its rows is accounted for."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import pandas as pd

from tiercast.attribute_kinds import LIKE, whole_kind
from tiercast.collect import choose
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import ContractError, SourceError
from tiercast.schema import History
from tiercast.serving.contract import Column
from tiercast.serving.reading import DUCKDB, output_name, typed_columns
from tiercast.serving.refusals import MissingColumns, UnknownColumns
from tiercast.sides import SIDES, WORDS, Side
from tiercast.sidetable import SideTable, attribute_column
from tiercast.sources.opening import open_source
from tiercast.sources.side_rows import verdicts

MOST_REJECTED_SHARE = 0.2
LOOKS_LIKE = 0.8
LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
"""As in the contract: engines disagree on letters beyond ASCII, which stay as they came."""


def read_sides(
    given: Mapping[str, str | pd.DataFrame | History | SideTable], *, extensions: tuple[str, ...] = ()
) -> dict[str, SideTable]:
    """Return side tables by name.

    Parameters
    ----------
    given : mapping of name to source
        Such as ``{"products": "csv:products.csv"}``; what :func:`~tiercast.sources.opening.open_source` opens, or a table
        that was read before.

    Raises
    ------
    UnknownName
        There is no such side table; nothing has been read by then.
    MissingColumns, UnknownColumns, WrongType, SourceError
        A table cannot be read.
    ContractError
        More than a fifth of its rows are rejected.

    Examples
    --------
    >>> came = pd.DataFrame({"product_id": ["p1", "p2", "p3", "p4", None], "days_per_unit": [7.0, 1.0, 2.0, 4.0, 3.0]})
    >>> found = read_sides({"products": came})["products"]
    >>> len(found.frame), found.rows_read, found.rejected
    (4, 5, {'NULL_KEY': 1})
    >>> read_sides({"prodcts": came})
    Traceback (most recent call last):
    ...
    tiercast.errors.UnknownName: no side table is named 'prodcts'; did you mean 'products'? there is: ...
    """
    wanted = {name: choose(SIDES, name, what="side table") for name in given}
    return {
        name: source if isinstance(source, SideTable) else _opened(wanted[name], source, extensions)
        for name, source in given.items()
    }


def _opened(side: Side, source: str | pd.DataFrame | History, extensions: tuple[str, ...]) -> SideTable:
    told = _told_apart(source) if isinstance(source, pd.DataFrame) else source
    history = open_source(told, extensions=extensions)
    if history.mapping is not None or {"decimal", "thousands"} & set(history.options):
        raise SourceError(
            source=f"side table {side.name}, {history.name}",
            problem="a side table is read as it is: it takes no map and no number format",
            fix="give a table with the columns of this side table and a point in its numbers",
        )
    return read_side(side, replace(history, name=f"side table {side.name}, {history.name}"))


def read_side(side: Side, source: History) -> SideTable:
    """Return one side table, typed, with every row accounted for."""
    with DuckDBEngine(threads=1) as engine:
        types = engine.look_at(source)
        _require_columns(side, types)
        further = [name for name in types if name not in side.names]
        kinds = _kinds(engine, {name: types[name] for name in further}, source) if side.attributes else {}
        more = {name: Column(f"attribute_{place}", kinds[name], "") for place, name in enumerate(kinds)}
        named = {name: name for name in side.names if name in types} | {
            name: more[name].name for name in more
        }
        plain = ", ".join(f"{DUCKDB.quote(name)} AS {alias}" for name, alias in named.items())
        columns = (*side.columns, *more.values())
        typed = typed_columns({alias: types[name] for name, alias in named.items()}, columns)
        rows = engine.run(f"SELECT {', '.join(typed)} FROM (SELECT {plain} FROM original) AS named")
    rows = _plain(rows, side, columns).rename(
        columns={output_name(column): attribute_column(name) for name, column in more.items()}
    )
    verdict = verdicts(rows, side)
    codes = pd.Series(verdict).value_counts()
    rejected = {str(code): int(count) for code, count in sorted(codes.items()) if code != "ACCEPTED"}
    lost = sum(rejected.values())
    if lost > MOST_REJECTED_SHARE * max(len(rows), 1):
        raise ContractError(
            source=source.name,
            read_rows=len(rows),
            rejected_rows=lost,
            allowed_share=MOST_REJECTED_SHARE,
            rows_by_code=rejected,
            fix="mend them, or go on without this table",
        )
    accepted = rows[verdict == "ACCEPTED"].drop(columns=["bad_time", "bad_number"])
    kept = accepted.drop_duplicates(ignore_index=True)
    ignored = () if side.attributes else tuple(further)
    return SideTable(
        side.name, kept, kinds, len(rows), lost, len(accepted) - len(kept), rejected, ignored,
        {name: _possible(source) for name, kind in kinds.items() if kind == "text" and _is_text(types[name])},
    )  # fmt: skip


def _told_apart(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose columns of Python's own truths and dates are told as such, as a file would."""
    plain = frame.copy(deep=False)
    for name in frame.columns[~frame.columns.duplicated(keep=False)]:
        held = pd.api.types.infer_dtype(frame[name], skipna=True)
        if held == "boolean":
            plain[name] = frame[name].map({True: "true", False: "false"})
        elif held == "date":
            plain[name] = pd.to_datetime(frame[name])
    return plain


def _require_columns(side: Side, types: Mapping[str, str]) -> None:
    """Refuse a table without what it needs, or with a column that is nearly one of its own: it would be lost."""
    what = f"side table {side.name}"
    missing = [column.name for column in side.columns if column.required and column.name not in types]
    if missing:
        raise MissingColumns(
            f"{what}: missing {', '.join(missing)}; there is: {', '.join(sorted(types))}", missing=missing
        )
    for name in types:
        near = (
            [] if name in side.names else difflib.get_close_matches(name.lower(), side.names, 1, LOOKS_LIKE)
        )
        if near and near[0] not in types:
            raise UnknownColumns(
                f"{what} has no column {name}; did you mean {near[0]}? rename it, or leave it out",
                unknown=[name],
                closest={name: near[0]},
            )


def _kinds(engine: DuckDBEngine, types: Mapping[str, str], source: History) -> dict[str, str]:
    """Return the kind of each further column.

    Text is told as times when every cell of it is one; and as numbers likewise, where the table has no types (CSV).
    """
    plain = {"text": "text", "bool": "text", "integer": "number", "float": "number", "date": "time"}
    found: dict[str, str] = {}
    for name, type_name in types.items():
        held = DUCKDB.classify(type_name)
        found[name] = plain.get(held, "time" if held.startswith("time") else "")
        if not found[name]:
            raise SourceError(
                source=source.name,
                problem=f"attribute {name} holds {type_name}",
                fix="give text, numbers, dates or truths",
            )
    texts = [name for name in types if _is_text(types[name])]
    cells = {name: f"NULLIF(TRIM({DUCKDB.quote(name)}), '')" for name in texts}
    alike = {"told": "{0} IS NOT NULL", **LIKE}
    counts = [
        f"COUNT(CASE WHEN {like.replace('{0}', cells[name])} THEN 1 END) AS {kind}_{place}"
        for place, name in enumerate(texts)
        for kind, like in alike.items()
    ]
    told: Any = engine.run(f"SELECT {', '.join(counts)} FROM original").iloc[0] if counts else {}
    possible = _possible(source)
    for place, name in enumerate(texts):
        counted = {kind: int(told[f"{kind}_{place}"]) for kind in possible}
        found[name] = whole_kind(int(told[f"told_{place}"]), counted, possible)
    return found


def _is_text(type_name: str) -> bool:
    return DUCKDB.classify(type_name) == "text"


def _possible(source: History) -> tuple[str, ...]:
    """Return what text may hold besides words: numbers only where the table has no types (CSV)."""
    return ("number", "time") if source.format == "csv" else ("time",)


def _plain(rows: pd.DataFrame, side: Side, columns: Sequence[Column]) -> pd.DataFrame:
    """Return rows whose types are the same whatever they hold, with words as the touchpoints' are read."""
    kinds = {output_name(column): "str" if column.kind == "text" else "float64" for column in columns}
    rows = rows.astype(kinds)
    known = rows["known_us"].fillna(rows["assigned_us" if "assigned_us" in rows else "valid_from_us"])
    lowered = [name for name in (*WORDS, "channel", "identity_kind") if name in side.names]
    return rows.assign(known_us=known, **{name: rows[name].str.translate(LOWER) for name in lowered})
