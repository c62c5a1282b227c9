"""A column map becomes SQL: one SELECT that gives the contract's columns, in the common subset of the engines."""

from collections.abc import Mapping, Sequence

from tiercast.mapping.arithmetic import Number
from tiercast.mapping.cells import Cells
from tiercast.mapping.columnmap import ColumnMap, Rule
from tiercast.mapping.fault import MapError, meant
from tiercast.mapping.words import KEEP, Words
from tiercast.serving.contract import KIND_OF, NAMES, REQUIRED
from tiercast.serving.reading import SparkDialect
from tiercast.serving.refusals import MissingColumns


def mapped_sql(mapping: ColumnMap, cells: Cells, relation: str, *, keep_row: bool = False) -> str:
    """Return the SELECT of every contract column that the map, or the table itself, provides.

    Parameters
    ----------
    mapping : ColumnMap
    cells : Cells
        The columns of the table, and the engine's spelling.
    relation : str
        What follows FROM.
    keep_row : bool
        Add ``source_row``, the row as it came (a struct): for the table of rejected rows.

    Raises
    ------
    MapError
        The map names a column that the table does not have.
    MissingColumns
        A required column is neither mapped nor there.
    WrongType
        A rule meets a type that it cannot read without guessing.

    Examples
    --------
    >>> import duckdb
    >>> from tiercast.mapping.reading import map_of
    >>> mapping = map_of({"columns": {"customer_id": "who", "occurred_at": "day", "kind": {"value": "purchase"}}})
    >>> cells = Cells({"who": "INTEGER", "day": "VARCHAR", "channel": "VARCHAR"})
    >>> sql = mapped_sql(mapping, cells, "(SELECT 7 AS who, '2024-02-29' AS day, 'web' AS channel)")
    >>> duckdb.sql(sql).fetchall()
    [(7, '2024-02-29', 'purchase', 'web')]
    """
    rules = dict(mapping.columns)
    _require_there(mapping, cells.types)
    columns: dict[str, str] = {}
    for name in NAMES:
        if name in rules:
            columns[name] = _expression(rules[name], name, cells)
        elif name in cells.types and name not in mapping.ignore:
            columns[name] = _as_it_came(name, cells)
    other_id = {"customer_id"} if "identity" in columns else set()  # whose it was is looked up
    missing = [name for name in REQUIRED if name not in columns and name not in other_id]
    if missing:
        told = f"; the map {mapping.name} gives none" if mapping.columns else ""
        raise MissingColumns(
            f"missing: {', '.join(missing)}{told}; there is: {', '.join(sorted(cells.types)) or 'nothing'}",
            missing=missing,
        )
    if mapping.duplicates == "drop":
        if "event_id" in columns:
            raise MapError(
                where=mapping.name,
                problem='duplicates = "drop", and the table has an event_id, which says which rows repeat: drop that'
                ' line, or say ignore = ["event_id"]',
            )
        known = [columns[name] for name in ("customer_id", "identity") if name in columns]
        columns["event_id"] = f"CASE WHEN {_is_somebody(known, cells)} THEN {_fingerprint(cells)} END"
    selected = [f"{sql} AS {name}" for name, sql in columns.items()]
    if keep_row:
        selected.append("source_row")
        relation = f"(SELECT *, {cells.dialect.whole_row(relation)} AS source_row FROM {relation})"
    reason = excluded_as(mapping, cells)
    where = f" WHERE {reason} IS NULL" if mapping.exclude else ""
    return cells.select(", ".join(selected), relation) + where


def excluded_sql(mapping: ColumnMap, cells: Cells, relation: str) -> str:
    """Return the SELECT that counts excluded rows by their reason."""
    reason = cells.let(excluded_as(mapping, cells))
    counted = cells.select(f"{reason} AS reason, COUNT(*) AS excluded", relation)
    return f"{counted} WHERE {reason} IS NOT NULL GROUP BY {reason}"


def excluded_as(mapping: ColumnMap, cells: Cells) -> str:
    """Return the first reason to leave a row out, as SQL; NULL for a row that stays."""
    reasons = [each.rule.sql(cells) for each in mapping.exclude]
    return f"COALESCE({', '.join(reasons)})" if reasons else "CAST(NULL AS STRING)"


def unused(mapping: ColumnMap, types: Mapping[str, str]) -> list[str]:
    """Return the columns of the table that no touchpoint keeps anything of."""
    used = {column for rule in mapping.columns.values() for column in rule.columns}
    used |= {column for each in mapping.exclude for column in each.rule.columns}
    used |= {name for name in types if name in NAMES and name not in mapping.columns} - set(mapping.ignore)
    return [name for name in types if name not in used]


def _require_there(mapping: ColumnMap, types: Mapping[str, str]) -> None:
    asked = [(name, column) for name, rule in mapping.columns.items() for column in rule.columns]
    asked += [("exclude", column) for each in mapping.exclude for column in each.rule.columns]
    asked += [("ignore", column) for column in mapping.ignore]
    for name, column in asked:
        if column not in types:
            problem = (
                f"{name} asks for the column {column!r}, which the table does not have{meant(column, types)}"
            )
            raise MapError(where=mapping.name, problem=problem, there_is=types)


def _expression(rule: Rule, name: str, cells: Cells) -> str:
    if isinstance(rule, Words) and rule == Words(rule.column, otherwise=KEEP):
        return cells.raw(rule.column)
    if isinstance(rule, Number) and rule == Number(plus=rule.plus, money=rule.money) and len(rule.plus) == 1:
        return _as_it_came(rule.plus[0], cells, kind=KIND_OF[name])
    return rule.sql(cells)


def _as_it_came(column: str, cells: Cells, kind: str = "") -> str:
    written_otherwise = cells.held(column) == "text" and not cells.plain_numbers
    if (kind or KIND_OF.get(column)) == "number" and written_otherwise:
        return cells.number(column)
    return cells.raw(column)


def _is_somebody(ids: Sequence[str], cells: Cells) -> str:
    """Return whether a row says whose it is: two rows of nobody that look alike may well be of two people."""
    texts = (f"NULLIF({cells.dialect.trim(f'CAST({each} AS STRING)')}, '')" for each in ids)
    return f"COALESCE({', '.join(texts)}) IS NOT NULL"


def _fingerprint(cells: Cells) -> str:
    """Return what two rows share only when every column of theirs is the same, empty ones included."""
    parts = []
    for column in cells.types:
        text = cells.let(f"CAST({cells.raw(column)} AS STRING)")
        parts.append(f"COALESCE(CAST(LENGTH({text}) AS STRING) || ':' || {text}, '-')")
    whole = " || ".join(parts)
    return f"sha2({whole}, 256)" if isinstance(cells.dialect, SparkDialect) else f"sha256({whole})"
