"""DuckDB runs the text inside this process, within a memory limit; the default engine."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import pandas as pd

from tiercast.engines.coming_in import plain_frame
from tiercast.engines.database_file import table_in
from tiercast.engines.files_in_folders import partition_root
from tiercast.engines.mapped import ORIGINAL, Mapped
from tiercast.engines.spool import spooled
from tiercast.engines.text_files import readable
from tiercast.errors import OutputError, SourceError
from tiercast.schema import History
from tiercast.serving import history
from tiercast.serving.reading import read_sql
from tiercast.serving.tables import NO_TABLES, Tables


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
        self._temp = tempfile.mkdtemp(prefix="tiercast-")
        self._connection: Any = history.connect(
            threads=self.threads, memory_limit=memory_limit, temp_directory=self._temp
        )
        self.columns: list[str] = []
        self._spooled: list[str] = []
        self._mapped = Mapped(History("nothing"), {})

    def __enter__(self) -> "DuckDBEngine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        shutil.rmtree(self._temp, ignore_errors=True)

    def attach(self, touchpoints: History) -> None:
        """Make the history readable as ``touchpoints``.

        Raises
        ------
        SourceError
            A file cannot be read.
        MissingColumns, WrongType
            The table breaks the contract as a whole.
        """
        types = self.look_at(touchpoints)
        self._mapped = Mapped(touchpoints, types)
        try:
            self._bind()
        except duckdb.Error as error:
            raise SourceError(source=touchpoints.name, problem=_first_line(error)) from error
        self.columns = self._mapped.columns

    def look_at(self, touchpoints: History) -> dict[str, str]:
        """Make the rows readable as ``original``, as they are, and return their columns with DuckDB's types.

        Raises
        ------
        SourceError, OutputError
        """
        before, self._spooled = self._spooled, []
        try:
            scan = self._scan(touchpoints)
            self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {ORIGINAL} AS SELECT * FROM {scan}")
            types = history.types_of(self._connection, ORIGINAL)
        except duckdb.Error as error:
            raise SourceError(source=touchpoints.name, problem=_first_line(error)) from error
        for file in before:
            Path(file).unlink(missing_ok=True)
        return types

    def _bind(self, *, keep_row: bool = False) -> None:
        """Make the mapped rows readable as ``came`` and, read by the contract, as ``touchpoints``."""
        came = self._mapped.came(keep_row=keep_row)
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW came AS {came}")
        text = read_sql(history.types_of(self._connection, "came"), "came", keep_raw=keep_row)
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
            text = readable(touchpoints, self._temp)
            self._spooled = [name for name in text.files if name.startswith(self._temp)]
            marks = {"delim": text.delimiter, "quote": text.quote, "escape": text.quote}
            told = "".join(f", {name} = {_literal(mark)}" for name, mark in marks.items())
            return f"read_csv({_list(text.files)}, union_by_name = true, all_varchar = true, header = true{told})"
        files = touchpoints.files
        if touchpoints.batches is not None:
            files = self._spooled = [spooled(touchpoints, self._temp)]
        # engines guess other types from the names of folders, so each takes them as text
        hive = "true" if partition_root(touchpoints.name, files) else "false"
        folders = f"hive_partitioning = {hive}, hive_types_autocast = false"
        return f"read_parquet({_list(files)}, union_by_name = true, {folders})"

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
        with self._rows_kept():
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
        try:
            return history.run(self._connection, text, cutoffs=cutoffs, tables=tables, now_s=now_s)
        except duckdb.IOException as error:
            raise OutputError(path=self._temp, problem=_first_line(error)) from error
        except duckdb.Error as error:
            raise SourceError(source="the touchpoints", problem=_first_line(error)) from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_literal, texts))}]"
