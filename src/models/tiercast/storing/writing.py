"""Writing a batch: every row of a source is read once, and goes to the touchpoints, to the rejected, or to both."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tiercast.engines.duckdb import DuckDBEngine
from tiercast.engines.identified import resolved
from tiercast.engines.mapped import Mapped
from tiercast.errors import OutputError, TiercastError
from tiercast.features.contract import LAST_SECOND, contract
from tiercast.schema import History
from tiercast.serving.contract import TOUCHPOINTS
from tiercast.serving.reading import DUCKDB, output_name, read_sql, typed_columns
from tiercast.windows import day_of

if TYPE_CHECKING:
    import pyarrow as pa

ACCEPTED, UNRESOLVED = "ACCEPTED", "NULL_CUSTOMER"
STANDS = (
    "TIME_OUT_OF_RANGE",
    "NULL_KIND",
    "NULL_CHANNEL",
    "NEGATIVE_NUMBER",
    "ABSURD_AMOUNT",
    "UNKNOWN_CURRENCY",
)
"""Why a row can be rejected that is still the first of its event, so that a later copy of it is the duplicate."""
DAY_US = 86_400_000_000


@dataclass
class Tally:
    """What was written: rows in the file, rows by verdict, rows by the reason they are excluded, and their days."""

    rows: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    excluded: Mapping[str, int] = field(default_factory=dict)
    days: tuple[date, ...] = ()

    @property
    def rejected(self) -> dict[str, int]:
        """Rows by the code for which they are rejected."""
        return {
            code: rows for code, rows in sorted(self.verdicts.items()) if code not in (ACCEPTED, UNRESOLVED)
        }

    @property
    def rows_read(self) -> int:
        """All rows, excluded ones too."""
        return self.verdicts.total() + sum(self.excluded.values())

    def count(self, rows: "pa.Table") -> None:
        """Take in the verdicts of some rows, and the first and last day of those accepted."""
        import pyarrow as pa
        import pyarrow.compute as pc

        for found in rows.column("verdict").value_counts().to_pylist():
            self.verdicts[found["values"]] += found["counts"]
        accepted = rows.filter(pc.field("verdict") == ACCEPTED).column("occurred_at")
        if len(accepted):
            micros = accepted.cast(pa.int64()).to_numpy()
            days = (*self.days, day_of(micros.min() // DAY_US), day_of(micros.max() // DAY_US))
            self.days = (min(days), max(days))


def write_batch(history: History, touchpoints: Path, rejected: Path, *, threads: int | None = None) -> Tally:
    """Read a history once, write its rows into two parquet files, and return what became of each.

    A row is judged as it will be at the end of time, so that one of the future is kept until its day comes; and by
    itself, so that of an event that comes twice every use decides which row stands.

    Parameters
    ----------
    touchpoints : Path
        Gets the rows that count or may come to count, with every column of the contract, typed.
    rejected : Path
        Gets ``verdict`` and ``row``, the row as it came (JSON, every value as text); not made where there are none.

    Raises
    ------
    SourceError, OutputError, MapError, MissingColumns, WrongType
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kinds = {"text": pa.string(), "number": pa.float64(), "time": pa.timestamp("us", "UTC")}
    typed = pa.schema([(column.name, kinds[column.kind]) for column in TOUCHPOINTS])
    as_it_came = pa.schema([("verdict", pa.string()), ("row", pa.string())])
    tally = Tally()
    with (
        DuckDBEngine(threads=threads) as engine,
        ParquetFile(touchpoints, typed) as kept,
        ParquetFile(rejected, as_it_came) as refused,
    ):
        came = Mapped(history, engine.look_at(history))
        tally.excluded = engine.excluded()
        kept.open()
        with closing(engine.batches(judged_sql(engine, came), now_s=LAST_SECOND)) as batches:
            for batch in batches:
                rows = pa.Table.from_batches([batch])
                tally.count(rows)
                tally.rows += kept.write(rows.filter(pc.field("stays")))
                refused.write(rows.filter(pc.field("row").is_valid()))
    return tally


def judged_sql(engine: DuckDBEngine, came: Mapped) -> str:
    """Return the SELECT of all rows: the contract's columns typed, ``verdict``, ``stays``, and ``row`` where rejected.

    Raises
    ------
    MapError, MissingColumns, WrongType
    """
    rows = came.came(keep_row=True)
    described = engine.run(f"DESCRIBE SELECT * FROM ({rows}) AS came")
    types = dict(zip(described["column_name"], described["column_type"], strict=True))
    read_sql(types, "came", resolve=resolved)  # refuses a table that lacks columns
    named = [(_literal(name), DUCKDB.quote(name)) for name in came.types]
    whole = (
        f"{{{', '.join(f'{text}: {name}' for text, name in named)}}}"
        if came.mapping is None
        else "source_row"
    )
    typed = ", ".join(typed_columns(types, TOUCHPOINTS))
    values = ", ".join(f"{text}, CAST(line.{name} AS STRING)" for text, name in named)
    view = contract(currency=came.history.currency, minor_per_major=came.history.minor_per_major)
    columns = ", ".join(
        f"make_timestamptz({output_name(column)}) AS {column.name}" if column.kind == "time" else column.name
        for column in TOUCHPOINTS
    )
    first = f"verdict IN {STANDS} AND event_id IS NOT NULL AND NOT bad_number"
    return f"""WITH came AS (
  {rows}
), typed AS (
  SELECT {typed}, FALSE AS is_duplicate, {whole} AS line FROM came
), judged AS (
  SELECT *, {view.keys["verdict"]} AS verdict
  FROM (SELECT *, CAST(FLOOR(occurred_us / 1e6) AS BIGINT) AS occurred_s FROM typed) AS touchpoints CROSS JOIN clock
)
SELECT {columns}, verdict, verdict IN ('{ACCEPTED}', '{UNRESOLVED}') OR ({first}) AS stays,
  CASE WHEN verdict NOT IN ('{ACCEPTED}', '{UNRESOLVED}') THEN CAST(json_object({values}) AS STRING) END AS row
FROM judged"""


class ParquetFile:
    """A parquet file that grows batch by batch and is on the disk when the block ends; made when it is opened.

    Raises
    ------
    OutputError
        The disk is full, or the file cannot be written.
    """

    def __init__(self, place: Path, schema: "pa.Schema") -> None:
        self.place = place
        self.schema = schema
        self._writer: Any = None

    def __enter__(self) -> "ParquetFile":
        return self

    def open(self) -> None:
        """Make the file, if it is not made yet."""
        import pyarrow.parquet as pq

        if self._writer is not None:
            return
        with on_disk(self.place):
            self._writer = pq.ParquetWriter(self.place, self.schema, compression="zstd", compression_level=1)

    def write(self, rows: "pa.Table") -> int:
        """Write the columns of the file, and return how many rows there were."""
        if len(rows):
            with on_disk(self.place):
                self.open()
                self._writer.write_table(rows.select(self.schema.names).cast(self.schema))
        return len(rows)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is None:
            return
        with on_disk(self.place) if error is None else suppress(OSError):
            self._writer.close()
            keep(self.place)


@contextmanager
def on_disk(place: Path) -> Iterator[None]:
    """Turn what the system throws while something is written into a coded error.

    Raises
    ------
    OutputError
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, TiercastError):
            raise
        raise OutputError(path=place, problem=error.strerror or str(error) or type(error).__name__) from error


def keep(place: Path) -> None:
    """Have the disk hold a file or folder as it is now, whatever happens to the power."""
    number = os.open(place, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
