"""Reading: whatever table came is given the contract's columns and types, and nothing is guessed.

The SQL made here differs by what came (a CSV's text, a parquet's timestamps) and by the engine; everything after it
is one text for all. A value that cannot be read becomes a flag on its row, never an exception and never a guess.
"""

from collections.abc import Callable, Mapping, Sequence

from .contract import REQUIRED, TOUCHPOINTS, Column
from .refusals import MissingColumns, WrongType

TIME_PATTERN = (
    "^(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    "([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)?)?$"
)
NUMBER_PATTERN = "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$"


class Dialect:
    """The few expressions that engines spell differently; this one is DuckDB's."""

    def classify(self, type_name: str) -> str:
        """Return ``text``, ``integer``, ``float``, ``bool``, ``date``, ``time``, ``time_zoned`` or ``other``."""
        name = type_name.upper()
        if name in {"VARCHAR", "UUID"} or name.startswith("ENUM"):
            return "text"
        if name in {
            "TINYINT",
            "SMALLINT",
            "INTEGER",
            "BIGINT",
            "UTINYINT",
            "USMALLINT",
            "UINTEGER",
            "HUGEINT",
        }:
            return "integer"
        if name in {"UBIGINT", "UHUGEINT"}:
            return "integer"
        if name in {"FLOAT", "DOUBLE"} or name.startswith("DECIMAL"):
            return "float"
        if name in {"BOOLEAN", "DATE"}:
            return {"BOOLEAN": "bool", "DATE": "date"}[name]
        if name == "TIMESTAMP WITH TIME ZONE":
            return "time_zoned"
        if name.startswith("TIMESTAMP"):
            return "time"
        if name in {'"NULL"', "NULL"}:
            return "text"
        return "other"

    def matches(self, text: str, pattern: str) -> str:
        return f"regexp_matches({text}, '{pattern}')"

    def trim(self, text: str) -> str:
        # DuckDB's plain TRIM takes off every Unicode space, Spark's only this one
        return f"TRIM({text}, ' ')"

    def said(self, text: str) -> str:
        """Return a text without spaces at its ends, NULL when nothing is left; asking first costs less than trimming."""
        return (
            f"CASE WHEN {text} < '!' OR {text} LIKE '% ' THEN NULLIF({self.trim(text)}, '') ELSE {text} END"
        )

    def text_to_micros(self, text: str) -> str:
        return f"epoch_us(TRY_CAST({text} AS TIMESTAMPTZ))"

    def time_to_micros(self, time: str) -> str:
        return f"epoch_us({time})"

    def text_to_number(self, text: str) -> str:
        return f"TRY_CAST({text} AS DOUBLE)"

    def finite(self, number: str) -> str:
        return f"isfinite({number})"

    def row_number(self) -> str:
        return "row_number() OVER ()"

    def whole_row(self, relation: str) -> str:
        return relation

    def bucket(self, text: str, buckets: int) -> str:
        return f"hash(COALESCE({text}, '')) % {int(buckets)}"

    def quote(self, column: str) -> str:
        return '"' + column.replace('"', '""') + '"'


class SparkDialect(Dialect):
    """Spark SQL's spelling of the same."""

    def classify(self, type_name: str) -> str:
        name = type_name.lower()
        if name in {"string", "void"} or name.startswith(("varchar", "char")):
            return "text"
        if name in {"tinyint", "smallint", "int", "bigint"}:
            return "integer"
        if name in {"float", "double"} or name.startswith("decimal"):
            return "float"
        return {"boolean": "bool", "date": "date", "timestamp": "time_zoned", "timestamp_ntz": "time"}.get(
            name, "other"
        )

    def matches(self, text: str, pattern: str) -> str:
        return f"{text} RLIKE '(?s){pattern}(?!.)'"  # Java's $ also matches before a last line break

    def trim(self, text: str) -> str:
        return f"TRIM({text})"

    def said(self, text: str) -> str:
        return f"NULLIF({self.trim(text)}, '')"

    def text_to_micros(self, text: str) -> str:
        # Spark wants seconds before an offset, and a colon inside it
        seconds = f"regexp_replace({text}, '([T ][0-9]{{2}}:[0-9]{{2}})(Z|[+-])', '$1:00$2')"
        colon = f"regexp_replace({seconds}, '([+-][0-9]{{2}})([0-9]{{2}})$', '$1:$2')"
        return f"unix_micros(TRY_CAST({colon} AS TIMESTAMP))"

    def time_to_micros(self, time: str) -> str:
        return f"unix_micros(CAST({time} AS TIMESTAMP))"

    def finite(self, number: str) -> str:
        return f"(NOT isnan({number}) AND abs({number}) < DOUBLE('Infinity'))"

    def row_number(self) -> str:
        return "monotonically_increasing_id()"

    def whole_row(self, relation: str) -> str:
        return "struct(*)"

    def bucket(self, text: str, buckets: int) -> str:
        return f"pmod(xxhash64(COALESCE({text}, '')), {int(buckets)})"

    def quote(self, column: str) -> str:
        return "`" + column.replace("`", "``") + "`"


DUCKDB = Dialect()


def read_sql(
    types: Mapping[str, str],
    relation: str,
    *,
    dialect: Dialect = DUCKDB,
    keep_raw: bool = False,
    many: bool = False,
    bucket: tuple[int, int] | None = None,
    resolve: Callable[[str, Sequence[str]], str] | None = None,
) -> str:
    """Return the SELECT that reads ``relation`` into the contract's columns.

    Parameters
    ----------
    types : mapping of str to str
        The columns that came, with the engine's names of their types. Columns no contract names are left out.
    relation : str
        What follows FROM: a view's or table's name.
    keep_raw : bool
        Add ``raw``, the row as it came (a struct): for the table of rejected rows.
    many : bool
        Look for repeated events before ranking them: better for many rows, slower for few.
    bucket : (int, int), optional
        Only the customers of one bucket of so many, in which each customer falls whole.
    resolve : callable, optional
        Makes of the typed rows, and the names of their columns, rows whose customers are resolved by other ids.

    Returns
    -------
    str
        A SELECT with, always and in this order: every text column, every numeric column as DOUBLE, ``occurred_us``
        and ``known_us`` (BIGINT microseconds since 1970 UTC), ``bad_time``, ``bad_number``, ``is_duplicate``.

    Raises
    ------
    MissingColumns
        A required column did not come.
    WrongType
        A column holds a type that cannot be read without guessing, such as a time given as an integer.

    Examples
    --------
    >>> sql = read_sql(dict.fromkeys(["customer_id", "occurred_at", "kind", "channel"], "VARCHAR"), "raw")
    >>> "TRY_CAST" in sql
    True
    >>> read_sql({"customer_id": "VARCHAR"}, "raw")
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.MissingColumns: missing: occurred_at, kind, channel; there is: customer_id
    """
    told = resolve is not None and "identity" in types
    missing = [name for name in REQUIRED if name not in types and not (told and name == "customer_id")]
    if missing:
        raise MissingColumns(
            f"missing: {', '.join(missing)}; there is: {', '.join(sorted(types)) or 'nothing'}",
            missing=missing,
        )
    selected = typed_columns(types, TOUCHPOINTS, dialect=dialect)
    if keep_raw:
        selected.append(f"{dialect.whole_row(relation)} AS raw")
    body = ",\n  ".join(selected)
    inner = f"SELECT\n  {body}\nFROM {relation}"
    if resolve is not None:
        names = [*map(output_name, TOUCHPOINTS), "bad_time", "bad_number", *(["raw"] if keep_raw else [])]
        inner = resolve(inner, names)
    if bucket is not None:
        place, buckets = bucket
        inner = f"SELECT * FROM (\n{inner}\n) AS typed\nWHERE {dialect.bucket('customer_id', buckets)} = {int(place)}"
    if "event_id" not in types:
        return f"SELECT *, FALSE AS is_duplicate FROM (\n{inner}\n) AS came"
    return _marked(inner, dialect) if many else _ranked(inner, dialect)


def _ranked(rows: str, dialect: Dialect) -> str:
    """Mark every row of a customer's event but the one that stands: the earliest that can be read.

    A row that came to be known later never stands for one that was known before.
    """
    faulty = "bad_time OR bad_number OR " + " OR ".join(
        f"{name} IS NULL" for name in ("occurred_us", "kind", "channel", "customer_id")
    )
    order = ", ".join(f"{name} ASC NULLS FIRST" for name in map(output_name, TOUCHPOINTS))
    return (
        "SELECT *, event_id IS NOT NULL AND row_number() OVER (\n"
        "  PARTITION BY customer_id, event_id, CASE WHEN event_id IS NULL THEN came_as END\n"
        f"  ORDER BY CASE WHEN {faulty} THEN 1 ELSE 0 END, GREATEST(occurred_us, known_us) ASC NULLS LAST, {order}\n"
        ") > 1 AS is_duplicate\n"
        f"FROM (SELECT *, {dialect.row_number()} AS came_as FROM (\n{rows}\n) AS typed) AS came"
    )


def _marked(rows: str, dialect: Dialect) -> str:
    """Do as :func:`_ranked`, but rank only the events that came more than once: sorting all rows costs most."""
    whose = "COALESCE(customer_id, '')"  # nobody's events are compared with each other too
    counted = f"SELECT {whose} AS whose, event_id FROM (\n{rows}\n) AS typed WHERE event_id IS NOT NULL"
    repeated = f"({counted} GROUP BY {whose}, event_id HAVING COUNT(*) > 1) AS repeated"
    same = f"ON repeated.whose = {whose.replace('customer_id', 'typed.customer_id')} AND repeated.event_id = typed.event_id"
    once = f"SELECT *, 0 AS came_as, FALSE AS is_duplicate FROM (\n{rows}\n) AS typed ANTI JOIN {repeated} {same}"
    again = f"SELECT * FROM (\n{rows}\n) AS typed SEMI JOIN {repeated} {same}"
    return f"{once}\nUNION ALL\n{_ranked(again, dialect)}"


def typed_columns(
    types: Mapping[str, str], columns: Sequence[Column], *, dialect: Dialect = DUCKDB
) -> list[str]:
    """Return one SQL expression a column, then ``bad_time`` and ``bad_number``: what came but could not be read.

    Times are microseconds since 1970 UTC, named ``occurred_us`` for ``occurred_at``; a column that did not come is null.

    Raises
    ------
    WrongType
        A column holds a type that cannot be read without guessing.
    """
    selected: list[str] = []
    bad: dict[str, list[str]] = {"time": [], "number": []}
    for column in columns:
        output = output_name(column)
        if column.name not in types:
            absent = {"text": "STRING", "number": "DOUBLE", "time": "BIGINT"}[column.kind]
            selected.append(f"CAST(NULL AS {absent}) AS {output}")
            continue
        held = dialect.classify(types[column.name])
        raw = dialect.quote(column.name)
        typed, unread = _typed(column.kind, held, raw, dialect)
        if typed is None:
            raise WrongType(
                f"column {column.name}: expected {_EXPECTED[column.kind]}, but it holds {types[column.name]}",
                column=column.name,
                found=types[column.name],
            )
        selected.append(f"{typed} AS {output}")
        if unread:
            bad[column.kind].append(unread)
    for kind, conditions in bad.items():
        selected.append(f"({' OR '.join(conditions) or 'FALSE'}) AS bad_{kind}")
    return selected


def output_name(column: Column) -> str:
    """Return the name of a column once it is read: ``occurred_us`` for the time ``occurred_at``.

    Examples
    --------
    >>> output_name(Column("known_at", "time", "…")), output_name(Column("birth_on", "time", "…"))
    ('known_us', 'birth_on_us')
    """
    return f"{column.name.removesuffix('_at')}_us" if column.kind == "time" else column.name


_EXPECTED = {
    "time": "ISO 8601 text, dates or timestamps (never a bare number)",
    "number": "numbers",
    "text": "text or whole numbers",
}


def _typed(kind: str, held: str, raw: str, dialect: Dialect) -> tuple[str | None, str | None]:
    """Return the typed expression and the condition under which a value came but could not be read."""
    if kind == "text":
        if held == "text":
            return dialect.said(raw), None
        if held in {"integer", "bool", "date"}:
            return f"CAST({raw} AS STRING)", None
        if held == "float":
            whole, finite = f"TRY_CAST({raw} AS BIGINT)", dialect.finite(f"CAST({raw} AS DOUBLE)")
            fraction = f"WHEN {finite} THEN CAST({raw} AS STRING)"
            return f"CASE WHEN {whole} = {raw} THEN CAST({whole} AS STRING) {fraction} END", None
        return None, None
    text = f"NULLIF({dialect.trim(raw)}, '')"
    if kind == "number":
        if held in {"integer", "float"}:
            number = f"CAST({raw} AS DOUBLE)"
            unread = f"({raw} IS NOT NULL AND NOT {dialect.finite(number)})"
            return number, None if held == "integer" else unread
        if held == "text":
            read = dialect.text_to_number(text)
            readable = f"{dialect.matches(text, NUMBER_PATTERN)} AND {dialect.finite(read)}"
            number = f"CASE WHEN {readable} THEN {read} END"
            return number, f"({text} IS NOT NULL AND ({number}) IS NULL)"
        return None, None
    if held in {"time", "time_zoned", "date"}:
        return dialect.time_to_micros(raw), None
    if held == "text":
        micros = f"CASE WHEN {dialect.matches(text, TIME_PATTERN)} THEN {dialect.text_to_micros(text)} END"
        return micros, f"({text} IS NOT NULL AND ({micros}) IS NULL)"
    return None, None
