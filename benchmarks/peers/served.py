"""One customer's request in process: the way the served bundle makes features, beside hand-written SQL prepared once."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
import pandas as pd

from benchmarks.peers.hand import one_scan_sql
from benchmarks.peers.task import Task
from tiercast.serving import history
from tiercast.serving.intake import clean_request
from tiercast.serving.standing import Handed, Standing, arrow
from tiercast.serving.tables import Tables

TOUCHPOINTS = 200
Answer = Callable[[pd.DataFrame], pd.DataFrame]


def request(task: Task) -> pd.DataFrame:
    """Return a customer with 200 touchpoints, as a request brings them: as many as needed of busy people, made one."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            "WITH told AS (SELECT *, count(*) OVER (PARTITION BY customer_id) AS many FROM"
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
    with _ours(task) as ours, _by_hand(task, rows) as by_hand:
        for asked in (rows, rows.head(TOUCHPOINTS // 2), rows):
            first, second = ours(asked)[list(task.names)], by_hand(asked)[list(task.names)]
            pd.testing.assert_frame_equal(first, second, rtol=1e-9, atol=0.0)
        taken: tuple[list[float], list[float]] = ([], [])
        for _ in range(runs):
            for answer, milliseconds in zip((ours, by_hand), taken, strict=True):
                start = time.perf_counter()
                answer(rows)
                milliseconds.append(1e3 * (time.perf_counter() - start))
    return taken


@contextmanager
def _ours(task: Task) -> Iterator[Answer]:
    with history.connect() as connection:
        standing, (cutoff,) = Standing(connection, Tables.from_json(task.tables)), task.days
        yield lambda rows: standing.answer(task.text, rows, cutoff=cutoff)


@contextmanager
def _by_hand(task: Task, rows: pd.DataFrame) -> Iterator[Answer]:
    came = Handed(arrow(rows))
    with history.connect() as connection:
        connection.register("came", came)
        connection.execute(f"PREPARE features AS {one_scan_sql(task, 'came')}")

        def answer(rows: pd.DataFrame) -> pd.DataFrame:
            came.rows = arrow(rows)
            return connection.execute("EXECUTE features").df()

        yield answer
