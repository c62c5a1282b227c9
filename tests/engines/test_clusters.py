"""Files that are written by customer are read a bucket at a time; every customer is in one bucket, with all its rows."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.features.drawn import differing, many
from tiercast.engines.clusters import clusters, whole_buckets
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.catalogue import build_catalogue, look
from tiercast.mapping.columnmap import ColumnMap
from tiercast.mapping.words import Joined, Words
from tiercast.schema import History
from tiercast.sources.opening import open_source

CUTOFF = date(2024, 3, 1)
READ = "CASE WHEN customer_id < '!' OR customer_id LIKE '% ' THEN NULLIF(TRIM(customer_id, ' '), '') ELSE customer_id END"
IDS = st.text(alphabet="ab\x01 \U0001f600é'Z9", min_size=0, max_size=4)


def write(folder: Path, ids: Sequence[Any], *, rows: int = 2, name: str = "customer_id") -> list[str]:
    """Write ids to a file, so many in a row group."""
    folder.mkdir(exist_ok=True)
    table = pa.table({name: pa.array(list(ids)), "row": pa.array(range(len(ids)))})
    pq.write_table(table, folder / "part.parquet", row_group_size=rows)
    return [str(folder / "part.parquet")]


def where(files: list[str], *, buckets: int, history: History | None = None) -> list[str]:
    """Return the conditions that an engine would bind."""
    with DuckDBEngine(threads=1) as engine:
        types = engine.look_at(History("files", files=files, format="parquet"))
        return whole_buckets(engine._connection, files, history or History("files"), types, buckets)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=st.lists(st.none() | IDS, min_size=1, max_size=14), ordered=st.booleans(), rows=st.integers(1, 3))
def test_no_customer_is_in_two_buckets_and_none_is_lost(
    tmp_path: Path, ids: list[str | None], *, ordered: bool, rows: int
) -> None:
    files = write(
        tmp_path, sorted(ids, key=lambda each: (each is None, each or "")) if ordered else ids, rows=rows
    )
    with DuckDBEngine(threads=1) as engine:
        history = History("files", files=files, format="parquet")
        types = engine.look_at(history)
        for buckets in (2, 3):
            apart = whole_buckets(engine._connection, files, history, types, buckets)
            told = ", ".join(f"COALESCE(({each}), FALSE)::INT" for each in apart)
            if not apart:
                continue
            met = engine.run(f"SELECT {READ} AS whose, [{told}] AS met FROM original")
            met = met[met["whose"].notna()]
            assert all(sum(each) == 1 for each in met["met"])
            ways = {(whose, tuple(each)) for whose, each in zip(met["whose"], met["met"], strict=True)}
            assert len(ways) == met["whose"].nunique()


def test_files_sorted_by_customer_are_dealt_evenly(tmp_path: Path) -> None:
    apart = where(write(tmp_path, [f"c{each:05}" for each in range(4_000)], rows=100), buckets=4)
    assert len(apart) == 4
    assert all(" OR " in each for each in apart)  # spread over all ids, which often tell who came first


def test_ids_that_differ_by_blanks_at_the_end_alone_stay_together() -> None:
    """The contract takes blanks away: `c1` and `c1 ` are one customer, whatever comes between."""
    assert len(clusters([("a", "c1", 1), ("c1 ", "d", 1)])) == 1
    assert len(clusters([("a", "c1", 1), ("c1\x01", "d", 1)])) == 1
    assert len(clusters([("a", "c1", 1), ("c2", "d", 1)])) == 2


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param([*"ahbgcfde"], id="in order of time"),
        pytest.param([" a", *"bcdefgh"], id="an id begins with a blank"),
        pytest.param(["a"] * 13 + [*"bcd"], id="one customer has most rows"),
        pytest.param([None] * 8, id="of nobody"),
        pytest.param(list(np.arange(8) / 2), id="ids with fractions"),
    ],
)
def test_files_that_cannot_be_parted_by_customer_are_not(tmp_path: Path, ids: list[Any]) -> None:
    assert where(write(tmp_path, ids), buckets=2) == []


def test_whole_numbers_are_parted_in_their_own_order(tmp_path: Path) -> None:
    apart = where(write(tmp_path, [8, 9, 10, 11, 100, 101, 102, 103]), buckets=2)
    assert len(apart) == 2
    assert "'" not in "".join(apart)


def test_the_same_column_written_in_two_ways_is_not_parted(tmp_path: Path) -> None:
    files = write(tmp_path / "one", [9, 9, 10, 10]) + write(tmp_path / "two", [*"abcd"])
    assert where(files, buckets=2) == []


def test_a_map_may_call_the_customer_by_another_name_but_not_make_the_id(tmp_path: Path) -> None:
    files = write(tmp_path, [*"abcdefgh"], name="Kunde")
    told = ColumnMap(columns={"customer_id": Words("Kunde", otherwise="keep")})
    assert len(where(files, buckets=2, history=History("files", mapping=told))) == 2
    for made in (Joined(("Kunde", "row")), Words("Kunde", values={"h": "a"}, otherwise="keep")):
        history = History("files", mapping=ColumnMap(columns={"customer_id": made}))
        assert where(files, buckets=2, history=history) == []


@pytest.mark.parametrize("order", ["customer_id", "occurred_at"])
def test_buckets_of_files_have_the_rows_of_one_run(tmp_path: Path, order: str) -> None:
    came = many(120, seed=5).sort_values(order, kind="stable").reset_index(drop=True)
    came.to_parquet(tmp_path / "part.parquet", row_group_size=128)
    with DuckDBEngine(threads=1) as engine:
        history = open_source(f"parquet:{tmp_path}")
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, CUTOFF))
        wanted = [
            "orders",
            "gap_median_days",
            "category_top_share",
            "preferred_channel_code",
            "rating_mean_share",
        ]
        text, tables = catalogue.text(history, wanted), catalogue.tables(history)
        found = list(engine.frames(text, cutoffs=[CUTOFF], tables=tables, buckets=5))
        again = list(engine.frames(text, cutoffs=[CUTOFF], tables=tables, buckets=1))
        assert engine.run("SELECT COUNT(*) AS n FROM touchpoints")["n"][0] == len(came)
    assert len(found) == 5
    assert min(map(len, found)) > 0
    together = pd.concat(found, ignore_index=True).sort_values("customer_id", ignore_index=True)
    ours, theirs = (
        frame.rename(columns={"cutoff_day": "cutoff"})
        for frame in (together, again[0].sort_values("customer_id", ignore_index=True))
    )
    assert differing(ours, theirs) == {}
