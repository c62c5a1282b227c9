"""PostgreSQL's rows as they leave the server: by COPY, in one read-only snapshot, a few megabytes at a time.

Numbers of at most fifteen digits come as floats, which hold them exactly; all other ``numeric`` and ``money`` as text to the
last digit. Instants come as UTC, whatever zone the server lives in; those that no calendar of ours holds (BC, ``infinity``)
as the first or last moment that one does, for the contract to reject as out of range. What is neither text nor number, time
or truth comes wrapped under its type's name, so that no column of the contract takes it for text.
"""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from tiercast.errors import SourceError
from tiercast.serving.refusals import WrongType
from tiercast.sources import postgres_refusals as refusals

CHUNK_BYTES = 8 << 20
FLOAT_DIGITS = 15
SESSION = "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL extra_float_digits = 3"
PATIENCE = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
KINDS = {
    "bool": "bool", "int2": "integer", "int4": "integer", "int8": "integer", "oid": "integer",
    "float4": "float", "float8": "float", "numeric": "exact", "money": "exact", "uuid": "text",
    "date": "date", "timestamp": "time", "timestamptz": "time_zoned",
}  # fmt: skip
_FIRST, _LAST = "timestamp '0001-01-01'", "timestamp '9999-12-31 23:59:59.999999'"
LIMITS = {
    "date": ("date '0001-01-01'", "date '9999-12-31'"),
    "time": (_FIRST, _LAST),
    "time_zoned": (_FIRST, _LAST),
}
TYPES = """
    SELECT t.oid::int8, format_type(t.oid, NULL),
      CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN t.typname::text END, t.typcategory IN ('S', 'E', 'I')
    FROM pg_type t WHERE t.oid = ANY(%s)"""


@dataclass(frozen=True)
class Asked:
    """Where to connect and what to read there: the parts of a table's name, or a SELECT.

    ``name`` is what people may see: the same, without a password.
    """

    address: str
    name: str
    table: tuple[str, ...] = ()
    query: str = ""


@dataclass(frozen=True)
class Column:
    """One column of the answer; ``type_name`` is PostgreSQL's, ``kind`` is ours (or ``other``)."""

    name: str
    type_name: str
    kind: str


def batches(asked: Asked) -> Any:
    """Connect, and return a ``pyarrow.RecordBatchReader`` over what was asked for.

    Raises
    ------
    SourceError
        The driver is missing, nobody answers or lets us in, or there is no such table. While reading: the connection is
        lost, a row makes the SELECT fail, or the server's time is up.
    WrongType
        A column came twice.
    """
    import pyarrow as pa

    stream = _stream(asked)
    return pa.RecordBatchReader.from_batches(next(stream), stream)


def _stream(asked: Asked) -> Iterator[Any]:
    """Yield the schema, then every batch; whoever stops early closes the connection, too."""
    import pyarrow as pa

    psycopg, rows = refusals.driver(), 0
    with closing(_connected(asked)) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(SESSION)
            columns = _columns(cursor, asked)
            yield pa.schema([(each.name, _arrow(each)) for each in columns])
            selected = ", ".join(_selected(each, cursor) for each in columns)
            with cursor.copy(
                f"COPY (SELECT {selected} FROM {_relation(asked, cursor)}) TO STDOUT (FORMAT csv)".encode()
            ) as copy:
                for chunk in _chunks(copy):
                    batch = _batch(chunk, columns)
                    rows += batch.num_rows
                    yield batch
        except psycopg.Error as error:
            raise refusals.told(error, connection, source=asked.name, table=asked.table, rows=rows) from error


def _connected(asked: Asked) -> Any:
    """Return a connection whose every transaction is read-only and sees one moment."""
    psycopg = refusals.driver()
    try:
        given = psycopg.conninfo.conninfo_to_dict(asked.address)
        patient = {key: value for key, value in PATIENCE.items() if key not in given}
        if "PGCONNECT_TIMEOUT" in os.environ:
            patient.pop("connect_timeout", None)
        connection = psycopg.connect(
            asked.address,
            client_encoding="UTF8",
            fallback_application_name="tiercast",
            prepare_threshold=None,
            **({} if "service" in given or "PGSERVICE" in os.environ else patient),
        )
    except psycopg.Error as error:
        raise refusals.unconnected(error, source=asked.name) from error
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    return connection


def _relation(asked: Asked, cursor: Any) -> str:
    """Return what follows FROM; the line breaks keep a comment at a SELECT's end from hiding what follows it."""
    if asked.query:
        return f"(\n{asked.query}\n) AS asked"
    psycopg = refusals.driver()
    return f"{psycopg.sql.Identifier(*asked.table).as_string(cursor)} AS asked"


def _columns(cursor: Any, asked: Asked) -> list[Column]:
    if not asked.table and not asked.query:
        raise refusals.no_table(cursor.connection, source=asked.name, problem="no table is named after #")
    # binary is asked for because only then the server refuses a second statement behind the first
    cursor.execute(f"SELECT * FROM {_relation(asked, cursor)} LIMIT 0".encode(), binary=True)
    found = [(str(each.name), int(each.type_code), each.precision) for each in cursor.description or ()]
    names = [name for name, _, _ in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WrongType(f"a column came twice: {', '.join(twice)}; give each column once", columns=twice)
    if not found:
        raise SourceError(source=asked.name, problem="it has no columns")
    cursor.execute(TYPES, [list({oid for _, oid, _ in found})])
    types = {
        oid: (told, KINDS.get(name or "", "text" if is_text else "other"))
        for oid, told, name, is_text in cursor.fetchall()
    }
    columns = [(Column(name, *types[oid]), digits) for name, oid, digits in found]
    return [
        replace(column, kind="float")
        if column.kind == "exact" and digits and digits <= FLOAT_DIGITS
        else column
        for column, digits in columns
    ]


def _selected(column: Column, cursor: Any) -> str:
    name = f"asked.{refusals.driver().sql.Identifier(column.name).as_string(cursor)}"
    if column.kind == "time_zoned":
        name = f"({name} AT TIME ZONE 'UTC')"
    if column.kind in LIMITS:
        first, last = LIMITS[column.kind]
        return f"CASE WHEN {name} < {first} THEN {first} WHEN {name} > {last} THEN {last} ELSE {name} END"
    return f"{name}::numeric" if column.type_name == "money" else name


def _chunks(copy: Any) -> Iterator[bytearray]:
    """Yield whole rows, some megabytes of them at once; only here does Python see single rows."""
    chunk = bytearray()
    for row in copy:
        chunk += row
        if len(chunk) >= CHUNK_BYTES:
            yield chunk
            chunk = bytearray()
    if chunk:
        yield chunk


def _batch(chunk: bytearray, columns: list[Column]) -> Any:
    """Return the rows of some CSV text; there an unquoted nothing is NULL, and a quoted one is empty text."""
    import pyarrow as pa
    from pyarrow import csv

    names = [each.name for each in columns]
    table = csv.read_csv(
        pa.BufferReader(chunk),
        read_options=csv.ReadOptions(column_names=names, block_size=len(chunk) + 1, use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types={each.name: _arrow(each, wrapped=False) for each in columns},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    batch = table.combine_chunks().to_batches()[0]
    arrays = [
        pa.StructArray.from_arrays([cells], [each.type_name], mask=cells.is_null())
        if each.kind == "other"
        else cells
        for each, cells in zip(columns, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(
        arrays, schema=pa.schema([(each.name, _arrow(each)) for each in columns])
    )


def _arrow(column: Column, *, wrapped: bool = True) -> Any:
    import pyarrow as pa

    if column.kind == "other" and wrapped:
        return pa.struct([(column.type_name, pa.string())])
    return {
        "bool": pa.bool_(),
        "integer": pa.int64(),
        "float": pa.float64(),
        "date": pa.date32(),
        "time": pa.timestamp("us"),
        "time_zoned": pa.timestamp("us"),
    }.get(column.kind, pa.string())
