"""Spooling: rows that can be read only once, such as a database's answer, are kept in a file while an engine works.

Batch after batch goes to disk, so memory holds one batch however long the answer is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from tiercast.errors import OutputError, SourceError, TiercastError
from tiercast.schema import History


def spooled(history: History, folder: str | Path) -> str:
    """Return the path of a new parquet file in ``folder`` that holds every batch of the history.

    Times are kept to the microsecond, and a column that holds nothing at all becomes text, as engines agree on these.

    Raises
    ------
    SourceError
        The batches cannot be had, or hold a type that no file can.
    OutputError
        The folder is full, or cannot be written.

    Examples
    --------
    >>> import pyarrow as pa, pyarrow.parquet, tempfile
    >>> rows = pa.table({"customer_id": ["a", "b"], "known_at": [None, None]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = spooled(History("two rows", batches=rows.to_reader), folder)
    ...     pyarrow.parquet.read_table(file).schema.field("known_at").type
    DataType(string)
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if history.batches is None:
        raise TypeError("only a history with batches can be spooled")
    path = Path(folder) / f"{uuid4().hex}.parquet"
    try:
        reader = history.batches()
        schema = _storable(reader.schema)
        with _on_disk(path):
            writer = pq.ParquetWriter(path, schema, coerce_timestamps="us", allow_truncated_timestamps=True)
        try:
            for batch in reader:
                rows = pa.Table.from_batches([batch]).cast(
                    schema, safe=False
                )  # finer than a microsecond is cut off
                with _on_disk(path):
                    writer.write_table(rows)
        finally:
            with _on_disk(path):
                writer.close()
    except TiercastError:
        path.unlink(missing_ok=True)
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        path.unlink(missing_ok=True)
        told = str(error).splitlines()
        raise SourceError(source=history.name, problem=told[0] if told else type(error).__name__) from error
    return str(path)


@contextmanager
def _on_disk(path: Path) -> Iterator[None]:
    """Tell a failure to write apart from a failure to read: both are OSErrors."""
    try:
        yield
    except OSError as error:
        raise OutputError(path=path, problem=error.strerror or str(error)) from error


def _storable(schema: Any) -> Any:
    import pyarrow as pa

    def plain(kind: Any) -> Any:
        if pa.types.is_null(kind):
            return pa.string()
        if pa.types.is_dictionary(kind):
            return plain(kind.value_type)
        if pa.types.is_timestamp(kind):
            return pa.timestamp("us", kind.tz)
        return pa.float32() if pa.types.is_float16(kind) else kind

    return pa.schema([pa.field(field.name, plain(field.type)) for field in schema])
