"""A peer: our own text, run by PySpark on this machine."""

import tempfile

import pandas as pd
from pyspark.sql import SparkSession

from benchmarks.peers.task import Task
from tiercast.engines.spark import SparkEngine
from tiercast.serving.tables import Tables
from tiercast.sources.opening import open_source


def features(task: Task) -> pd.DataFrame:
    """Return the columns of every customer."""
    session = (
        SparkSession.builder.master(f"local[{task.threads}]")
        .config("spark.driver.memory", "8g")
        .config("spark.driver.maxResultSize", "0")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    with SparkEngine(session) as engine:
        engine.attach(open_source(f"parquet:{task.folder}"))
        tables = Tables.from_json(task.tables)
        if not task.out:
            return engine.run(task.text, cutoffs=task.days, tables=tables)
        # hundreds of columns of a million customers do not pass through the driver
        with tempfile.TemporaryDirectory() as place:
            engine.table(task.text, cutoffs=task.days, tables=tables).write.parquet(f"{place}/answer")
            return pd.read_parquet(f"{place}/answer")
