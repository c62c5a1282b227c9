"""What PostgreSQL and its driver throw, told as errors of ours: what went wrong, what there is, what to do."""

import difflib
from typing import Any

from tiercast.errors import SourceError

SHOWN = 20
NO_SUCH_TABLE = ("42P01", "3F000")
CANCELLED = "57014"
LET_GO = ("57P01", "57P02", "57P03", "57P05", "25P03", "25P04")
TABLES = """
    SELECT CASE WHEN pg_table_is_visible(c.oid) THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
      AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
    ORDER BY 1"""


def driver() -> Any:
    """Return the driver's module.

    Raises
    ------
    SourceError
        It is not installed.
    """
    try:
        import psycopg
    except ImportError:
        raise SourceError(
            source="postgres",
            problem="the driver psycopg is not installed",
            fix="pip install 'tiercast[postgres]'",
        ) from None
    return psycopg


def unconnected(error: Any, *, source: str) -> SourceError:
    """Return the refusal of a connection that never came to be."""
    problem = " ".join(str(error).split())
    fix = "check host, port, database and user, and that the server runs"
    if "password" in problem:
        fix = "set PGPASSWORD, or write ~/.pgpass"
    return SourceError(source=source, problem=problem, fix=fix)


def told(error: Any, connection: Any, *, source: str, table: tuple[str, ...], rows: int) -> SourceError:
    """Return the refusal of a read that failed after so many rows; a row's own values are never repeated."""
    state, problem = error.sqlstate or "", error.diag.message_primary or " ".join(str(error).split())
    if state in NO_SUCH_TABLE:
        return no_table(connection, source=source, problem=problem, table=".".join(table))
    if state == CANCELLED:
        return SourceError(
            source=source,
            problem=problem,
            fix="give it more time, as in PGOPTIONS='-c statement_timeout=10min', or ask for less",
        )
    if connection.broken or state.startswith("08") or state in LET_GO:
        return SourceError(
            source=source,
            problem=f"the connection was lost after {rows:,} rows",
            fix="see that the server runs, and run the same command again",
        )
    if state.startswith("22"):
        return SourceError(
            source=source,
            problem=f"a value cannot be read or computed ({type(error).__name__}, {state})",
            fix="mend the row, or the SELECT",
        )
    return SourceError(source=source, problem=problem)


def no_table(connection: Any, *, source: str, problem: str, table: str = "") -> SourceError:
    """Return the refusal of a table that is not there, with those that are, the likeliest first."""
    psycopg = driver()
    try:
        connection.rollback()
        names = [name for (name,) in connection.execute(TABLES).fetchall()]
    except psycopg.Error:
        return SourceError(source=source, problem=problem)
    near = difflib.get_close_matches(table, names, n=3)
    ranked = [*near, *(name for name in names if name not in near)]
    more = f" and {len(ranked) - SHOWN} more" if len(ranked) > SHOWN else ""
    return SourceError(
        source=source,
        problem=problem,
        fix=f"there is: {', '.join(ranked[:SHOWN]) or 'no table that this user may read'}{more}",
    )
