"""We: the compiled text on DuckDB, as a batch runs it."""

import pandas as pd

from benchmarks.peers.task import Task
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.serving.tables import Tables
from tiercast.sources.opening import open_source


def frames(task: Task) -> pd.DataFrame | int:
    """Return the answer, or how many rows it had where nobody asked for it."""
    with DuckDBEngine(threads=task.threads, memory_limit=task.memory_limit) as engine:
        engine.attach(open_source(f"parquet:{task.folder}"))
        found = engine.frames(task.text, cutoffs=task.days, tables=Tables.from_json(task.tables))
        if task.out:
            return pd.concat(found, ignore_index=True)
        return sum(len(frame) for frame in found)


def loop(task: Task) -> int:
    """Run one cutoff after the other, each as if it were the only one."""
    rows = 0
    with DuckDBEngine(threads=task.threads, memory_limit=task.memory_limit) as engine:
        engine.attach(open_source(f"parquet:{task.folder}"))
        for day in task.days:
            found = engine.frames(task.text, cutoffs=[day], tables=Tables.from_json(task.tables))
            rows += sum(len(frame) for frame in found)
    return rows
