"""DuckDB runs the text inside this process, within a memory limit; the default engine."""

import os
import re
import warnings
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import pandas as pd

from tiercast.engines.clusters import whole_buckets
from tiercast.engines.coming_in import plain_frame
from tiercast.engines.database_file import table_in
from tiercast.engines.files_in_folders import partition_root
from tiercast.engines.identified import WHOSE, lines_of, resolver
from tiercast.engines.mapped import ORIGINAL, Mapped
from tiercast.engines.spool import spooled
from tiercast.engines.text_files import TextFiles, readable
from tiercast.errors import OutputError, SourceError
from tiercast.schema import History
from tiercast.scratch import ScratchFolder
from tiercast.serving import history
from tiercast.serving.reading import read_sql
from tiercast.serving.stages import split
from tiercast.serving.tables import NO_TABLES, Tables

ROW_BYTES = (60.0, 2.84, -100.0, 190.0)
"""What a touchpoint takes while features are made of it, least, by feature and from where; more where a roll-up is kept.

Measured on 20.9 million touchpoints: 97 bytes with 70 features at one cutoff, 280 at twelve, 770 with 307 at one.
"""
TEXT_ROW_BYTES = 40
MEMORY_SHARE = 0.35
"""Of the memory limit, how much a bucket may take: fuller, DuckDB writes groups to disk, which takes nearly twice as long."""
BATCH_ROWS = 122_880


class DuckDBEngine:
    """Runs texts over one history; a context manager, with a temp folder of its own that is removed after.

    Parameters
    ----------
    threads : int
        Default: what ``OMP_NUM_THREADS`` says, else as many as the machine has.
    memory_limit : str, optional
        As in ``4GB``; beyond it DuckDB spills to the temp folder.

    Examples
    --------
    >>> import pandas as pd
    >>> came = {"customer_id": ["a"], "occurred_at": ["2025-01-01"], "kind": ["visit"], "channel": ["web"]}
    >>> rows = pd.DataFrame(came)
    >>> with DuckDBEngine(threads=1) as engine:
    ...     engine.attach(History("three rows", frame=rows))
    ...     int(engine.run("SELECT COUNT(*) AS read FROM touchpoints")["read"][0])
    1
    """

    name = "duckdb"

    def __init__(self, *, threads: int | None = None, memory_limit: str | None = None) -> None:
        self.threads = threads or int(os.environ.get("OMP_NUM_THREADS", "0")) or os.cpu_count() or 1
        self.memory_limit = memory_limit
        self._scratch = ScratchFolder()
        self._temp = self._scratch.path
        self._connection: Any = history.connect(
            threads=self.threads, memory_limit=memory_limit, temp_directory=self._temp
        )
        self.columns: list[str] = []
        self._spooled: list[str] = []
        self._text_bytes = 0
        self._read, self._files = "", list[str]()
        self._mapped = Mapped(History("nothing"), {})

    def __enter__(self) -> "DuckDBEngine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._scratch.remove()

    def attach(self, touchpoints: History) -> None:
        """Make the history readable as ``touchpoints``.

        Raises
        ------
        SourceError
            A file cannot be read.
        MissingColumns, WrongType
            The table breaks the contract as a whole.
        """
        self.look_at(touchpoints)
        is_text = touchpoints.format == "csv"
        self._text_bytes = sum(Path(name).stat().st_size for name in touchpoints.files) if is_text else 0
        try:
            self._know(touchpoints)
            self._bind()
        except duckdb.Error as error:
            raise SourceError(source=touchpoints.name, problem=_first_line(error)) from error
        self.columns = self._mapped.columns

    def _know(self, touchpoints: History) -> None:
        """Keep whose each id was, if that is known."""
        if "identities" in touchpoints.sides:
            self._connection.register("lines", lines_of(touchpoints.sides["identities"]))
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {WHOSE} AS SELECT * FROM lines")
            self._connection.unregister("lines")

    def look_at(self, touchpoints: History) -> dict[str, str]:
        """Make the rows readable as ``original``, as they are, and return their columns with DuckDB's types.

        Raises
        ------
        SourceError, OutputError
        """
        before, self._spooled = self._spooled, []
        try:
            self._files = []
            self._read = f"SELECT * FROM {self._scan(touchpoints)}"
            self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {ORIGINAL} AS {self._read}")
            types = history.types_of(self._connection, ORIGINAL)
        except duckdb.Error as error:
            raise SourceError(source=touchpoints.name, problem=_first_line(error)) from error
        for file in before:
            Path(file).unlink(missing_ok=True)
        self._mapped = Mapped(touchpoints, types)
        return types

    def _bind(
        self, *, keep_row: bool = False, bucket: tuple[int, int] | None = None, where: str = ""
    ) -> None:
        """Make the mapped rows readable as ``came`` and, read by the contract, as ``touchpoints``."""
        rows = f"{self._read} WHERE {where}" if where else self._read
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {ORIGINAL} AS {rows}")
        came = self._mapped.came(keep_row=keep_row)
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW came AS {came}")
        text = read_sql(
            history.types_of(self._connection, "came"), "came", keep_raw=keep_row, many=True, bucket=bucket,
            resolve=resolver(self._mapped.history),
        )  # fmt: skip
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW touchpoints AS {text}")

    def _scan(self, touchpoints: History) -> str:
        """Return what follows FROM to read the rows as they are."""
        if touchpoints.format == "spark":
            raise SourceError(
                source=touchpoints.name,
                problem="it is a table of Spark's catalogue, which DuckDB does not see",
                fix="use the Spark engine",
            )
        if touchpoints.frame is not None:
            self._connection.register("handed", plain_frame(touchpoints.frame))
            return "handed"
        if touchpoints.format == "duckdb":
            return table_in(
                self._connection, touchpoints.files[0], touchpoints.table, source=touchpoints.name
            )
        if touchpoints.batches is None and touchpoints.format != "parquet":
            return self._scan_text(readable(touchpoints, self._temp))
        files = touchpoints.files
        if touchpoints.batches is not None:
            files = self._spooled = [spooled(touchpoints, self._temp)]
        self._files = list(files)
        # engines guess other types from the names of folders, so each takes them as text
        hive = "true" if partition_root(touchpoints.name, files) else "false"
        folders = f"hive_partitioning = {hive}, hive_types_autocast = false"
        return f"read_parquet({_list(files)}, union_by_name = true, {folders})"

    def _scan_text(self, text: TextFiles) -> str:
        """Return how to read CSV files of which nothing is left to be guessed, not even where they begin."""
        files = [name for _, alike in text.tables for name in alike]
        self._spooled = [name for name in files if name.startswith(self._temp)]
        marks = {"delim": text.delimiter, "quote": text.quote, "escape": text.quote}
        told = "".join(f", {name} = {_literal(mark)}" for name, mark in marks.items())
        parts = []
        for columns, alike in text.tables:
            typed = ", ".join(f"{_literal(name)}: 'VARCHAR'" for name in columns)
            plain = f"auto_detect = false, header = true, skip = 0, columns = {{{typed}}}"
            parts.append(f"SELECT * FROM read_csv({_list(alike)}, {plain}{told})")
        return f"({' UNION ALL BY NAME '.join(parts)})"

    def excluded(self) -> dict[str, int]:
        """Return how many rows of the attached history its map excludes, by reason."""
        counted = self._mapped.excluded()
        if not counted:
            return {}
        found = self.run(counted)
        return {str(why): int(rows) for why, rows in zip(found["reason"], found["excluded"], strict=True)}

    def rejected(self, contract: str) -> pd.DataFrame:
        """Return every row of the attached history that was not accepted, as it came, after its ``verdict``.

        Parameters
        ----------
        contract : str
            The contract view with ``keep_raw``.
        """
        with self._rows_kept(), warnings.catch_warnings():
            # DuckDB 2.0 on pandas 3.1, 2026-11: warns its own programmers where a column has a zone
            warnings.filterwarnings("ignore", "The inplace keyword in DataFrame.drop")
            return self.run(self._mapped.rejected(contract))

    def repeats(self, contract: str) -> int:
        """Return how many accepted rows of the attached history repeat another in every column of theirs."""
        with self._rows_kept():
            return int(self.run(self._mapped.repeats(contract))["repeats"][0])

    @contextmanager
    def _rows_kept(self) -> Iterator[None]:
        """Make ``touchpoints`` carry ``raw`` for a while, the row as it came."""
        try:
            self._bind(keep_row=True)
            yield
        finally:
            self._bind()

    def run(
        self,
        text: str,
        *,
        cutoffs: Iterable[date] = (),
        tables: Tables = NO_TABLES,
        now_s: int | None = None,
    ) -> pd.DataFrame:
        """Run a text over the attached history; see :func:`tiercast.serving.history.run`."""
        with self._told():
            return history.run(self._connection, text, cutoffs=cutoffs, tables=tables, now_s=now_s)

    def batches(self, text: str, *, now_s: int | None = None) -> Generator[Any]:
        """Run a text and yield its answer as Arrow's record batches, of which one at a time is in memory."""
        with self._told(), history.joined(self._connection, now_s=now_s):
            reader = self._connection.sql(text).to_arrow_reader(BATCH_ROWS)
            try:
                while (batch := self._next(reader)) is not None:
                    yield batch
            finally:
                reader.close()  # an open answer would keep the connection from all others

    def _next(self, reader: Any) -> Any:
        try:
            return next(reader, None)
        except OSError as error:  # as which Arrow hands on what DuckDB throws
            raise self._refused(_first_line(error)) from error

    def frames(
        self,
        text: str,
        *,
        cutoffs: Iterable[date],
        tables: Tables = NO_TABLES,
        now_s: int | None = None,
        buckets: int | None = None,
    ) -> Iterator[pd.DataFrame]:
        """Run a text that the compiler wrote, a bucket of customers after the other and a cutoff after the other.

        Every bucket reads the source again, which costs less than sorting it once, or only its own rows where parquet
        files are written by customer; it keeps its roll-up while the cutoffs are finalised one by one. The rows of all
        frames are those of :meth:`run`.

        Parameters
        ----------
        buckets : int, optional
            Default: as many as the memory limit asks for.
        """
        days = sorted(set(cutoffs))
        room = self._limit_bytes() * MEMORY_SHARE
        many = buckets or max(1, ceil(self._rows() * _row_bytes(text, kept=len(days) > 1) / room))
        staged = split(text)
        kept: list[str] = []
        with self._told():
            try:
                for bound in self._bounds(many):
                    self._bind(**bound)
                    if len(days) <= 1:  # nothing to keep: the rows stream through
                        yield history.run(self._connection, text, cutoffs=days, tables=tables, now_s=now_s)
                        continue
                    for name, select in staged.kept():
                        with history.joined(self._connection, tables=tables, now_s=now_s):
                            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")
                        kept.append(name)
                    for day in days:
                        yield history.run(
                            self._connection, staged.rest(), cutoffs=[day], tables=tables, now_s=now_s
                        )
            finally:
                for name in dict.fromkeys(kept):
                    self._connection.execute(f"DROP TABLE IF EXISTS {name}")
                self._bind()

    def _bounds(self, many: int) -> list[dict[str, Any]]:
        """Return how to bind each of so many buckets of whole customers."""
        if many == 1:
            return [{}]
        if self._files:
            history, types = self._mapped.history, dict(self._mapped.types)
            apart = whole_buckets(self._connection, self._files, history, types, many)
            if apart:
                return [{"where": where} for where in apart]
        return [{"bucket": (place, many)} for place in range(many)]

    def _rows(self) -> int:
        """Return how many rows came; of text, about how many: counting would read it all."""
        if self._text_bytes:
            return self._text_bytes // TEXT_ROW_BYTES
        return int(self._connection.execute("SELECT COUNT(*) FROM came").fetchone()[0])

    def _limit_bytes(self) -> float:
        limit = self._connection.execute("SELECT current_setting('memory_limit')").fetchone()[0]
        return _bytes(str(limit))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what DuckDB throws into a coded error of one line."""
        try:
            yield
        except duckdb.Error as error:
            raise self._refused(_first_line(error)) from error

    def _refused(self, problem: str) -> SourceError | OutputError:
        if re.match(
            "Out of Memory Error|IO Error.*((could not|cannot|failed to) write|no space)", problem, re.I
        ):
            return OutputError(path=self._temp, problem=problem)
        return SourceError(source=self._mapped.history.name, problem=problem)


def _row_bytes(text: str, *, kept: bool) -> float:
    r"""Return about what a touchpoint takes while this text is run.

    Examples
    --------
    >>> final = "WITH …\nSELECT customer_id,\n  cutoff_day" + ",\n  LEAST(x, y) AS z" * 70 + "\nFROM held"
    >>> round(_row_bytes(final, kept=False)), round(_row_bytes(final, kept=True))
    (99, 289)
    """
    least, each, start, rolled = ROW_BYTES
    features = text[text.rindex("\nSELECT") :].count(",\n") - 1  # one a line, as the compiler writes them
    return max(least, start + each * features) + rolled * kept


def _bytes(size: str) -> float:
    """Return the bytes of a size as DuckDB writes it.

    Examples
    --------
    >>> _bytes("3.7 GiB") == 3.7 * 2**30
    True
    """
    number, unit = size.split()
    return float(number) * {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}[unit]


def _first_line(error: Exception) -> str:
    """Return what an error says, without the line of a file that it may show."""
    lines = str(error).splitlines()
    more = [
        line for line in lines[1:4] if line.startswith(("Expected Number", "Invalid unicode", "Value with"))
    ]
    return ": ".join([lines[0], *more])


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_literal, texts))}]"
