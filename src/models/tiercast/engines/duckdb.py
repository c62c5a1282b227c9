"""DuckDB runs the text inside this process, within a memory limit; the default engine."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date
from types import TracebackType
from typing import Any

import duckdb
import pandas as pd

from tiercast.engines.coming_in import plain_frame, separator_of
from tiercast.errors import OutputError, SourceError
from tiercast.schema import History
from tiercast.serving import history
from tiercast.serving.reading import read_sql

CSV_OPTIONS = """, all_varchar = true, header = true, quote = '"', escape = '"'"""


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
        relation = "came"
        try:
            if touchpoints.frame is not None:
                self._connection.register("handed", plain_frame(touchpoints.frame))
                scan = "handed"
            else:
                reader, options = "read_parquet", ""
                if touchpoints.format != "parquet":
                    mark = separator_of(touchpoints.name, touchpoints.files)
                    reader, options = "read_csv", f"{CSV_OPTIONS}, delim = '{mark}'"
                names = (
                    "[" + ", ".join("'" + name.replace("'", "''") + "'" for name in touchpoints.files) + "]"
                )
                scan = f"{reader}({names}, union_by_name = true{options})"
            self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {relation} AS SELECT * FROM {scan}")
            self.columns = history.bind(self._connection, relation)
        except duckdb.Error as error:
            raise SourceError(source=touchpoints.name, problem=str(error).splitlines()[0]) from error

    def rejected(self, contract: str) -> pd.DataFrame:
        """Return every row of the attached history that was not accepted, as it came, after its ``verdict``.

        Parameters
        ----------
        contract : str
            The contract view with ``keep_raw``.
        """
        types = history.types_of(self._connection, "came")
        self._connection.execute(
            f"CREATE OR REPLACE TEMP VIEW touchpoints AS {read_sql(types, 'came', keep_raw=True)}"
        )
        try:
            return self.run(
                f"SELECT verdict, raw.* FROM ({contract}) AS contract WHERE verdict <> 'ACCEPTED'"
            )
        finally:
            history.bind(self._connection, "came")

    def run(
        self,
        text: str,
        *,
        cutoffs: Iterable[date] = (),
        vocabulary: Sequence[tuple[str, str, int]] = (),
        now_s: int | None = None,
    ) -> pd.DataFrame:
        """Run a text over the attached history; see :func:`tiercast.serving.history.run`."""
        try:
            return history.run(self._connection, text, cutoffs=cutoffs, vocabulary=vocabulary, now_s=now_s)
        except duckdb.IOException as error:
            raise OutputError(path=self._temp, problem=str(error).splitlines()[0]) from error
        except duckdb.Error as error:
            raise SourceError(source="the touchpoints", problem=str(error).splitlines()[0]) from error
