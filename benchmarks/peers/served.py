"""One customer's request in process: the way the served bundle makes features, beside hand-written SQL prepared once."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from benchmarks.peers.hand import one_scan_sql
from benchmarks.peers.task import Task
from tiercast.serving import history
from tiercast.serving.intake import clean_request
from tiercast.serving.tables import Tables

TOUCHPOINTS = 200


def request(task: Task) -> pd.DataFrame:
    """Return a customer with 200 touchpoints, as a request brings them; of a small world's busiest people made one."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"WITH told AS (SELECT *, count(*) OVER (PARTITION BY customer_id) AS many FROM"
            f" read_parquet('{task.folder}/*.parquet') WHERE known_at < TIMESTAMP '{task.cutoffs[0]}')"
            f" SELECT * EXCLUDE (many) FROM told WHERE many <= {TOUCHPOINTS}"
            f" ORDER BY many DESC, customer_id, occurred_at LIMIT {TOUCHPOINTS}"
        ).df()
    return clean_request(rows.assign(customer_id="the one"))


def answers(task: Task, rows: pd.DataFrame, *, runs: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each of our answers and of each of hand-written SQL's, taken by turns.

    Raises
    ------
    AssertionError
        They do not say the same.
    """
    with _ours(task) as ours, _by_hand(task) as by_hand:
        for _ in range(5):
            first, second = ours(rows)[list(task.names)], by_hand(rows)[list(task.names)]
            pd.testing.assert_frame_equal(first, second, rtol=1e-9, atol=0.0)
        taken: tuple[list[float], list[float]] = ([], [])
        for _ in range(runs):
            for answer, milliseconds in zip((ours, by_hand), taken, strict=True):
                start = time.perf_counter()
                answer(rows)
                milliseconds.append(1e3 * (time.perf_counter() - start))
    return taken


def interval(milliseconds: list[float]) -> tuple[float, float]:
    """Return the 5th and the 95th percentile."""
    low, high = np.quantile(milliseconds, [0.05, 0.95])
    return float(low), float(high)


@contextmanager
def _ours(task: Task) -> Iterator[Callable[[pd.DataFrame], pd.DataFrame]]:
    tables = Tables.from_json(task.tables)
    with history.connect() as connection:
        history.keep(connection, tables)

        def answer(rows: pd.DataFrame) -> pd.DataFrame:
            connection.register("came", rows)
            try:
                history.take_in(connection, "came")
                return history.run(
                    connection, task.text, cutoffs=task.days, tables=Tables(peaks=tables.peaks), kept=tables.frozen
                )
            finally:
                connection.unregister("came")

        yield answer


@contextmanager
def _by_hand(task: Task) -> Iterator[Callable[[pd.DataFrame], pd.DataFrame]]:
    connection: Any
    with history.connect() as connection:
        prepared = False

        def answer(rows: pd.DataFrame) -> pd.DataFrame:
            nonlocal prepared
            connection.register("came", rows)
            try:
                if not prepared:
                    connection.execute(f"PREPARE features AS {one_scan_sql(task, 'came')}")
                    prepared = True
                return connection.execute("EXECUTE features").df()
            finally:
                connection.unregister("came")

        yield answer
