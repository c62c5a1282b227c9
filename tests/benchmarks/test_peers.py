"""Every contestant of the features' benchmark does the same work, or its time is not told."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.peers import by_pandas, hand, ours
from benchmarks.peers.columns import columns
from benchmarks.peers.contest import run
from benchmarks.peers.equal import NotEqual, compare
from benchmarks.peers.served import answers, request
from benchmarks.peers.spent import below, processor_seconds
from benchmarks.peers.task import Task
from benchmarks.peers.world import World, world
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.catalogue import build_catalogue, look
from tiercast.serving.standing import Handed, arrow
from tiercast.sources.opening import open_source

CUSTOMERS = 600


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> World:
    return world(tmp_path_factory.mktemp("worlds"), CUSTOMERS)


@pytest.fixture(scope="module")
def task(drawn: World) -> Task:
    history = open_source(f"parquet:{drawn.plain}")
    asked = Task(folder=drawn.plain, cutoffs=["2025-07-01"])
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, asked.days[0]))
    names = columns(catalogue.seen.categories, catalogue.seen.channels)
    return replace(
        asked,
        channels=catalogue.seen.channels,
        categories=catalogue.seen.categories,
        names=names,
        text=catalogue.text(history, names),
        tables=catalogue.tables(history).to_json(),
        threads=1,
    )


@pytest.fixture(scope="module")
def answer(task: Task, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("answers") / "ours.parquet"
    found = ours.frames(replace(task, out=str(path)))
    assert isinstance(found, pd.DataFrame)
    found.to_parquet(path, index=False)
    return path


@pytest.mark.parametrize("contestant", [hand.one_scan, hand.lines_kept, hand.scans, by_pandas.features])
def test_a_peer_says_what_we_say_in_every_cell(
    contestant: Callable[[Task], pd.DataFrame], task: Task, answer: Path, tmp_path: Path
) -> None:
    contestant(task).to_parquet(tmp_path / "theirs.parquet", index=False)
    customers = len(pd.read_parquet(answer, columns=["customer_id"]))
    assert 0 < customers <= CUSTOMERS
    assert compare(answer, tmp_path / "theirs.parquet", task.names) == customers * len(task.names)


def test_polars_says_what_we_say_in_every_cell(task: Task, answer: Path, tmp_path: Path) -> None:
    pytest.importorskip("polars", reason="polars is a peer: pip install 'tiercast[peers]'")
    from benchmarks.peers import by_polars

    by_polars.features(task).write_parquet(tmp_path / "theirs.parquet")
    assert compare(answer, tmp_path / "theirs.parquet", task.names) > 0


def test_the_columns_are_those_of_the_catalogue_and_at_least_sixty(task: Task) -> None:
    assert len(set(task.names)) == len(task.names) >= 60


def spoiled(path: Path, folder: Path, spoil: Callable[[pd.DataFrame], Any]) -> Path:
    frame = pd.read_parquet(path)
    spoil(frame)
    frame.to_parquet(folder / "spoiled.parquet", index=False)
    return folder / "spoiled.parquet"


def test_one_cell_that_differs_is_told_with_its_column_and_customer(answer: Path, tmp_path: Path) -> None:
    def spoil(frame: pd.DataFrame) -> None:
        frame.loc[frame["customer_id"] == frame["customer_id"].max(), "orders"] += 1

    with pytest.raises(NotEqual, match=r"orders: 1 of .* differ, as .* of c"):
        compare(answer, spoiled(answer, tmp_path, spoil), ["touchpoints", "orders"])


def test_nothing_is_not_zero(answer: Path, tmp_path: Path) -> None:
    def spoil(frame: pd.DataFrame) -> None:
        frame["days_since_return"] = frame["days_since_return"].fillna(0.0)

    with pytest.raises(NotEqual, match="days_since_return"):
        compare(answer, spoiled(answer, tmp_path, spoil), ["days_since_return"])


def test_a_last_bit_counts_only_where_every_bit_does(answer: Path, tmp_path: Path) -> None:
    def spoil(frame: pd.DataFrame) -> None:
        frame["spend_currency"] *= 1 + 2**-52

    path = spoiled(answer, tmp_path, spoil)
    assert compare(answer, path, ["spend_currency"]) > 0
    with pytest.raises(NotEqual, match="spend_currency"):
        compare(answer, path, ["spend_currency"], exact=True)


def test_a_customer_who_is_missing_is_noticed_and_an_order_of_rows_is_not(
    answer: Path, tmp_path: Path
) -> None:
    frame = pd.read_parquet(answer)
    frame.iloc[::-1].to_parquet(tmp_path / "turned.parquet", index=False)
    assert compare(answer, tmp_path / "turned.parquet", ["orders"], exact=True) == len(frame)
    frame.iloc[1:].to_parquet(tmp_path / "fewer.parquet", index=False)
    with pytest.raises(NotEqual, match="not the same"):
        compare(answer, tmp_path / "fewer.parquet", ["orders"])


def test_a_contestant_runs_in_a_process_of_its_own_and_its_answer_is_left_behind(
    task: Task, drawn: World, answer: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs.parquet"
    name = "hand-written SQL, one scan kept"
    spent = run(name, replace(task, out=str(theirs)), warm=drawn.warm)
    assert spent.processor_s > 0
    assert spent.peak_gb > 0.01
    assert compare(answer, theirs, task.names) == spent.rows * len(task.names)


def test_a_contestant_that_fails_is_told_with_what_it_said(task: Task, drawn: World, tmp_path: Path) -> None:
    with pytest.raises(
        RuntimeError, match=r"hand-written SQL, one scan kept ended with 1:(.|\n)*No files found"
    ):
        run("hand-written SQL, one scan kept", replace(task, folder=str(tmp_path)), warm=drawn.warm)


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="this system does not tell of living processes"
)
def test_a_living_child_s_time_counts_as_ours() -> None:
    before = processor_seconds()
    busy = (
        "import sys, time\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "done\n"
        assert child.pid in below(os.getpid())
        assert processor_seconds() - before >= 0.25
        child.communicate()
    assert child.pid not in below(os.getpid())
    assert processor_seconds() - before >= 0.25


def test_a_request_is_answered_alike_by_us_and_by_hand(task: Task) -> None:
    rows = request(task)
    assert len(rows) == 200
    assert set(rows["customer_id"]) == {"the one"}
    mine, theirs = answers(task, rows, runs=2)
    assert len(mine) == len(theirs) == 2


def test_a_prepared_statement_sees_the_rows_that_were_handed_last() -> None:
    import duckdb

    came = Handed(arrow(pd.DataFrame({"amount": [1.0, 2.0], "note": [None, None]})))
    with duckdb.connect() as connection:
        connection.register("came", came)
        connection.execute("PREPARE told AS SELECT SUM(amount), MAX(note) FROM came")
        assert connection.execute("EXECUTE told").fetchall() == [(3.0, None)]
        came.rows = arrow(pd.DataFrame({"amount": [40.0], "note": ["late"]}))
        assert connection.execute("EXECUTE told").fetchall() == [(40.0, "late")]
