"""A table or view in a DuckDB file, read where it lies and never written to: ``duckdb:shop.duckdb#orders``."""

from pathlib import Path

from tiercast.engines.database_file import attach, listing
from tiercast.errors import SourceError
from tiercast.schema import History
from tiercast.sources.source import Source

MAGIC = b"DUCK"


def _open(where: str) -> History:
    """Name a table as ``FILE#TABLE`` or ``FILE#SCHEMA.TABLE``; without one, the tables there are get listed."""
    import duckdb

    source = f"duckdb:{where}"
    file, _, table = where.rpartition("#") if "#" in where else (where, "", "")
    path = Path(file).expanduser()
    if not path.is_file():
        raise SourceError(source=source, problem="no such file")
    with path.open("rb") as stream:
        if stream.read(12)[8:] != MAGIC:
            raise SourceError(source=source, problem="it is no DuckDB file")
    if not table:
        with duckdb.connect(":memory:") as connection:
            try:
                there = attach(connection, str(path))
            except duckdb.Error as error:
                raise SourceError(source=source, problem=str(error).splitlines()[0]) from error
        raise SourceError(
            source=source, problem="no table is named; write duckdb:FILE#TABLE", fix=listing(there)
        )
    return History(source, files=(str(path),), table=table, format="duckdb")


DUCKDB_FILE = Source("duckdb", "table of a DuckDB file, FILE#TABLE or FILE#SCHEMA.TABLE", _open)
