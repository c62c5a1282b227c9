"""Spark runs the same text on a cluster, for histories beyond one machine; cell for cell it answers as DuckDB does."""

import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from tiercast.engines.coming_in import plain_frame, separator_of
from tiercast.errors import SourceError, TiercastError
from tiercast.schema import History
from tiercast.serving.reading import SparkDialect, read_sql
from tiercast.windows import day_number

DIALECT = SparkDialect()
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}


class NoSpark(TiercastError, ImportError):
    """Spark cannot run here.

    Examples
    --------
    >>> raise NoSpark(problem="Java is not installed", fix="install Java 17")
    Traceback (most recent call last):
    tiercast.engines.spark.NoSpark: Spark cannot run here: Java is not installed; install Java 17
    """

    code = "NO_SPARK"
    exit_code = 2

    def __init__(self, *, problem: str, fix: str) -> None:
        super().__init__(f"Spark cannot run here: {problem}; {fix}", problem=problem)


class SparkEngine:
    """Runs texts over one history; a context manager, with views and settings of its own in the session.

    Parameters
    ----------
    session : pyspark.sql.SparkSession, optional
        Default: the active one, else a local one with two cores. Neither its settings nor its views are changed.

    Raises
    ------
    NoSpark
        PySpark or Java is missing, or Java does not start.
    """

    name = "spark"

    def __init__(self, session: Any = None) -> None:
        self._session: Any = (session or _session()).newSession()
        settings = dict(SETTINGS)
        if self._session.sparkContext.master.startswith("local"):
            settings["spark.sql.shuffle.partitions"] = "2"
        for key, value in settings.items():
            self._session.conf.set(key, value)
        self.columns: list[str] = []
        self._source = "the touchpoints"
        self._held: Any = None

    def __enter__(self) -> "SparkEngine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._told():
            self._release()
            for view in ("touchpoints", "came", "cutoffs", "vocabulary", "clock"):
                self._session.catalog.dropTempView(view)

    def _release(self) -> None:
        if self._held is not None:
            self._held.unpersist()
            self._held = None

    def attach(self, touchpoints: History) -> None:
        """Make the history readable as ``touchpoints``.

        Raises
        ------
        SourceError
            A file cannot be read.
        MissingColumns, WrongType
            The table breaks the contract as a whole.
        """
        self._source = touchpoints.name
        with self._told():
            self._release()
            came = self._read(touchpoints)
            came.createOrReplaceTempView("came")
            types = dict(came.dtypes)
            self._session.sql(read_sql(types, "came", dialect=DIALECT)).createOrReplaceTempView("touchpoints")
        self.columns = list(types)

    def rejected(self, contract: str) -> pd.DataFrame:
        """Return every row of the attached history that was not accepted, as it came, after its ``verdict``.

        Parameters
        ----------
        contract : str
            The contract view with ``keep_raw``.
        """
        types = dict(self._session.table("came").dtypes)
        raw = self._session.sql(read_sql(types, "came", dialect=DIALECT, keep_raw=True))
        plain = self._session.table("touchpoints")
        raw.createOrReplaceTempView("touchpoints")
        try:
            return self.run(
                f"SELECT verdict, raw.* FROM ({contract}) AS contract WHERE verdict <> 'ACCEPTED'"
            )
        finally:
            plain.createOrReplaceTempView("touchpoints")

    def run(
        self,
        text: str,
        *,
        cutoffs: Iterable[date] = (),
        vocabulary: Sequence[tuple[str, str, int]] = (),
        now_s: int | None = None,
    ) -> pd.DataFrame:
        """Run a text over the attached history; see :func:`tiercast.serving.history.run`.

        The result is collected: for tables beyond this machine's memory, see :meth:`table`.
        """
        with self._told():
            asked = self.table(text, cutoffs=cutoffs, vocabulary=vocabulary, now_s=now_s)
            return asked.toArrow().to_pandas()

    def table(
        self,
        text: str,
        *,
        cutoffs: Iterable[date] = (),
        vocabulary: Sequence[tuple[str, str, int]] = (),
        now_s: int | None = None,
    ) -> Any:
        """Return what :meth:`run` would collect, as a Spark frame that nothing has computed yet."""
        days = sorted({day_number(cutoff) for cutoff in cutoffs})
        moment = int(time.time()) if now_s is None else now_s
        self._small("cutoffs", [(day,) for day in days], "cutoff_day BIGINT")
        self._small("vocabulary", list(vocabulary), "field STRING, term STRING, code BIGINT")
        self._small("clock", [(moment,)], "now_s BIGINT")
        return self._session.sql(text)

    def _small(self, view: str, rows: list[tuple[Any, ...]], schema: str) -> None:
        import pyarrow as pa

        kinds = {"BIGINT": pa.int64(), "STRING": pa.string()}
        fields = [column.split() for column in schema.split(", ")]
        columns = [[row[place] for row in rows] for place in range(len(fields))]
        arrow = pa.table(
            [pa.array(cells, kinds[kind]) for cells, (_, kind) in zip(columns, fields, strict=True)],
            names=[name for name, _ in fields],
        )
        self._session.createDataFrame(arrow).createOrReplaceTempView(view)

    def _read(self, touchpoints: History) -> Any:
        if touchpoints.frame is not None:
            import pyarrow as pa

            frame = plain_frame(touchpoints.frame)
            local = self._session.createDataFrame(pa.Table.from_pandas(frame, preserve_index=False))
            self._held = local.persist()  # else the planner computes on the driver what the cluster should
            return self._held
        files = [name for name in touchpoints.files if Path(name).stat().st_size]
        if touchpoints.format == "parquet":
            return self._session.read.option("mergeSchema", "true").parquet(*files)
        mark = separator_of(touchpoints.name, files)
        reader = self._session.read.options(
            header=True, sep=mark, quote='"', escape='"', multiLine=True, mode="FAILFAST", encoding="UTF-8"
        )
        by_header = sorted(
            (_header(name), name) for name in files
        )  # Spark tells columns by place, not by name
        parts = [
            reader.csv([name for _, name in alike])
            for _, alike in groupby(by_header, key=lambda pair: pair[0])
        ]
        whole = parts[0]
        for part in parts[1:]:
            whole = whole.unionByName(part, allowMissingColumns=True)
        return whole

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what Spark and Java throw into a coded error of one line."""
        from py4j.protocol import Py4JError  # type: ignore[import-untyped]
        from pyspark.errors import PySparkException

        try:
            yield
        except (PySparkException, Py4JError, ConnectionError) as error:
            lines = [line for line in str(error).splitlines() if line.strip()]
            raise SourceError(
                source=self._source, problem=lines[0] if lines else type(error).__name__
            ) from error


def _header(file: str) -> str:
    with Path(file).open(encoding="utf-8-sig") as stream:
        return stream.readline()


def _session() -> Any:
    """Return the active session, or start a local one."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise NoSpark(problem="PySpark is not installed", fix="pip install 'tiercast[spark]'") from None
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home, "bin"))) if home else shutil.which("java")
    if java is None:
        raise NoSpark(problem="Java is not installed", fix="install Java 17 or newer, or set JAVA_HOME")
    settings: dict[str, bool | float | int | str | None] = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.extraJavaOptions": "-XX:+ExitOnOutOfMemoryError",  # else a result is waited for in vain
        **SETTINGS,
    }
    builder = SparkSession.builder.master("local[2]").appName("tiercast").config(map=settings)
    try:
        return builder.getOrCreate()
    except Exception as error:  # what fails depends on the Java that is there
        raise NoSpark(
            problem=f"it does not start ({type(error).__name__})",
            fix="check that `java -version` says 17 or newer",
        ) from error
