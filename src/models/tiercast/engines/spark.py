"""Spark runs the same text on a cluster, for histories beyond one machine; cell for cell it answers as DuckDB does."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from tiercast.engines.coming_in import plain_frame
from tiercast.engines.database_file import as_batches
from tiercast.engines.files_in_folders import partition_root
from tiercast.engines.identified import WHOSE, lines_of, resolver
from tiercast.engines.mapped import ORIGINAL, Mapped
from tiercast.engines.spool import spooled
from tiercast.engines.text_files import readable, require_utf8
from tiercast.errors import SourceError, TiercastError
from tiercast.schema import History
from tiercast.scratch import ScratchFolder
from tiercast.serving.history import one_by_one
from tiercast.serving.reading import SparkDialect, read_sql
from tiercast.serving.refusals import BadCutoff
from tiercast.serving.stages import split
from tiercast.serving.tables import NO_TABLES, Tables, clock_table, cutoff_table

DIALECT = SparkDialect()
DESCRIBED_BY = ("PYSPARK_GATEWAY_PORT", "PYSPARK_SUBMIT_ARGS", "SPARK_HOME", "SPARK_CONF_DIR")
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.maxPlanStringLength": "2000",  # a plan of hundreds of columns, told to its log, is megabytes
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
        Default: the active one; else the one that ``spark-submit``, ``PYSPARK_SUBMIT_ARGS`` or the settings in
        ``SPARK_HOME`` or ``SPARK_CONF_DIR`` describe; else a local one with two cores. Neither its settings nor its views
        are changed.

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
            settings |= {"spark.sql.shuffle.partitions": "2", "spark.sql.adaptive.enabled": "false"}
        for key, value in settings.items():
            self._session.conf.set(key, value)
        self.columns: list[str] = []
        self._source = "the touchpoints"
        self._held: Any = None
        self._folder: ScratchFolder | None = None
        self._mapped = Mapped(History("nothing"), {}, DIALECT)

    def __enter__(self) -> "SparkEngine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._told():
            self._release()
            for view in ("touchpoints", "came", ORIGINAL, WHOSE, "cutoffs", "clock", *NO_TABLES.frames):
                self._session.catalog.dropTempView(view)

    def _release(self) -> None:
        if self._held is not None:
            self._held.unpersist()
            self._held = None
        if self._folder is not None:
            self._folder.remove()
            self._folder = None

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
        with self._told():
            self._know(touchpoints)
            self._bind()
        self.columns = self._mapped.columns

    def _know(self, touchpoints: History) -> None:
        """Keep whose each id was, if that is known."""
        if "identities" in touchpoints.sides:
            self._register(WHOSE, lines_of(touchpoints.sides["identities"]))

    def look_at(self, touchpoints: History) -> dict[str, str]:
        """Make the rows readable as ``original``, as they are, and return their columns with Spark's types.

        Raises
        ------
        SourceError, OutputError
        """
        self._source = touchpoints.name
        with self._told():
            self._release()
            original = self._read(touchpoints)
            original.createOrReplaceTempView(ORIGINAL)
            types = dict(original.dtypes)
        self._mapped = Mapped(touchpoints, types, DIALECT)
        return types

    def _bind(self, *, keep_row: bool = False) -> None:
        """Make the mapped rows readable as ``came`` and, read by the contract, as ``touchpoints``."""
        came = self._session.sql(self._mapped.came(keep_row=keep_row))
        came.createOrReplaceTempView("came")
        text = read_sql(
            dict(came.dtypes),
            "came",
            dialect=DIALECT,
            keep_raw=keep_row,
            resolve=resolver(self._mapped.history),
        )
        self._session.sql(text).createOrReplaceTempView("touchpoints")

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
            with self._told():
                self._bind(keep_row=True)
            yield
        finally:
            with self._told():
                self._bind()

    def run(
        self,
        text: str,
        *,
        cutoffs: Iterable[date] = (),
        tables: Tables = NO_TABLES,
        now_s: int | None = None,
    ) -> pd.DataFrame:
        """Run a text over the attached history; see :func:`tiercast.serving.history.run`.

        The result is collected: for tables beyond this machine's memory, see :meth:`table`.
        """
        with self._told():
            found = [
                self.table(filled, cutoffs=days, tables=tables, now_s=now_s).toArrow().to_pandas()
                for filled, days in one_by_one(text, cutoffs)
            ]
            return found[0] if len(found) == 1 else pd.concat(found, ignore_index=True)

    def frames(
        self,
        text: str,
        *,
        cutoffs: Iterable[date],
        tables: Tables = NO_TABLES,
        now_s: int | None = None,
        buckets: int | None = None,
    ) -> Iterator[pd.DataFrame]:
        """Run a text that the compiler wrote, its roll-up computed once and kept, a cutoff after the other."""
        staged = split(text)
        kept: list[Any] = []
        with self._told():
            try:
                for name, select in staged.kept():
                    rolled = self.table(select, tables=tables, now_s=now_s).persist()
                    rolled.createOrReplaceTempView(name)
                    kept.append((name, rolled))
                for filled, days in one_by_one(staged.rest(), cutoffs):
                    yield self.run(filled, cutoffs=days, tables=tables, now_s=now_s)
            finally:
                for name, rolled in kept:
                    rolled.unpersist()
                    self._session.catalog.dropTempView(name)

    def table(
        self,
        text: str,
        *,
        cutoffs: Iterable[date] = (),
        tables: Tables = NO_TABLES,
        now_s: int | None = None,
    ) -> Any:
        """Return what :meth:`run` would collect, as a Spark frame that nothing has computed yet.

        Of a text that is filled in for a cutoff, only the one of a single cutoff.

        Raises
        ------
        BadCutoff
            Several cutoffs, and a text that stands for one at a time.
        """
        texts = one_by_one(text, cutoffs)
        if len(texts) > 1:
            raise BadCutoff(
                f"this text is about one cutoff, and {len(texts)} came: ask for one table after the other"
            )
        small = {"cutoffs": cutoff_table(cutoffs, tables.peaks), "clock": clock_table(now_s), **tables.frames}
        for view, frame in small.items():
            self._register(view, frame)
        return self._session.sql(texts[0][0])

    def _register(self, view: str, frame: pd.DataFrame) -> None:
        import pyarrow as pa

        arrow = pa.Table.from_pandas(frame, preserve_index=False)
        self._session.createDataFrame(arrow).createOrReplaceTempView(view)

    def _temp(self) -> str:
        self._folder = self._folder or ScratchFolder()
        return self._folder.path

    def _read(self, touchpoints: History) -> Any:
        if touchpoints.frame is not None:
            import pyarrow as pa

            frame = plain_frame(touchpoints.frame)
            kinds = {str(name): str(kind) for name, kind in frame.dtypes.items()}
            zoned = [name for name, kind in kinds.items() if kind == "datetime64[us, UTC]"]
            for name in zoned:
                frame[name] = frame[name].dt.tz_localize(None)
            local = self._session.createDataFrame(pa.Table.from_pandas(frame, preserve_index=False))
            # Spark takes times without a zone for instants, and a column map must be able to tell them apart
            naive = [name for name, kind in kinds.items() if kind == "datetime64[us]"]
            local = local.withColumns(
                {name: local[DIALECT.quote(name)].cast("timestamp_ntz") for name in naive}
            )
            self._held = local.persist()  # else the planner computes on the driver what the cluster should
            return self._held
        if touchpoints.format == "spark":
            return self._session.table(touchpoints.table)
        if touchpoints.format == "duckdb":
            touchpoints = as_batches(touchpoints)
        if touchpoints.batches is not None:
            return self._session.read.parquet(spooled(touchpoints, self._temp()))
        # Java has a working folder of its own: the one in which it was started
        touchpoints = replace(touchpoints, files=[str(Path(name).absolute()) for name in touchpoints.files])
        if touchpoints.format == "parquet":
            files = list(touchpoints.files)
            root = partition_root(touchpoints.name, files)
            reader = self._session.read.option("mergeSchema", "true")
            return (reader.option("basePath", root) if root else reader).parquet(*files)
        text = readable(touchpoints, self._temp())
        require_utf8(text, touchpoints)
        reader = self._session.read.options(
            header=True, sep=text.delimiter, quote=text.quote, escape=text.quote, multiLine=True,
            mode="FAILFAST", encoding="UTF-8",
        )  # fmt: skip
        parts = [
            reader.schema(", ".join(f"{DIALECT.quote(name)} STRING" for name in columns)).csv(list(alike))
            for columns, alike in text.tables
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
        # without the first a result is waited for in vain; each cutoff of a panel is code of its own
        "spark.driver.extraJavaOptions": "-XX:+ExitOnOutOfMemoryError -XX:ReservedCodeCacheSize=512m",
        "spark.driver.memory": "4g",
        "spark.buffer.pageSize": "2m",  # a task groups and joins some dozens of relations: a page for each
        **SETTINGS,
    }
    builder = SparkSession.builder.appName("tiercast").config(map=settings)
    if not any(os.environ.get(name) for name in DESCRIBED_BY):  # what is set here would win over all of them
        builder = builder.master("local[2]")
    try:
        return builder.getOrCreate()
    except Exception as error:  # what fails depends on the Java that is there
        raise NoSpark(
            problem=f"it does not start ({type(error).__name__})",
            fix="check that `java -version` says 17 or newer",
        ) from error
