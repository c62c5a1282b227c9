"""The touchpoints of a benchmark: a synthetic history written once, and the same without the ids of its events.

Nobody but us looks for repeated events, so the contest is over files in which none can be looked for.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from tiercast.sources.synthetic.writing import ROW_GROUP, write_synthetic

WARM_ROWS = 1_000


@dataclass(frozen=True)
class World:
    """Where the files are, and how many touchpoints they hold.

    Parameters
    ----------
    told, plain, warm : str
        Folders of touchpoints: as they were written, without ``event_id``, and a thousand of the latter.
    """

    told: str
    plain: str
    warm: str
    customers: int
    touchpoints: int


def world(place: Path, customers: int) -> World:
    """Return the world of so many customers; what is not in ``place`` yet is written there."""
    told = place / f"syn{customers}"
    if not told.exists():
        print(f"writing {customers:,} customers", flush=True)
        write_synthetic(told, customers)
    files = sorted((told / "touchpoints").glob("*.parquet"))
    plain, warm = place / f"plain{customers}", place / f"warm{customers}"
    with duckdb.connect() as connection:
        if not plain.exists():
            print("  and the same without event_id", flush=True)
            draft = place / f"plain{customers}.draft"
            draft.mkdir(exist_ok=True)
            for file in files:
                _project(connection, f"'{file}'", draft / file.name)
            draft.rename(plain)
        if not warm.exists():
            warm.mkdir()
            _project(connection, f"'{files[0]}'", warm / "part-00000.parquet", rows=WARM_ROWS)
    rows = sum(pq.read_metadata(file).num_rows for file in files)
    return World(str(told / "touchpoints"), str(plain), str(warm), customers, rows)


def in_order_of_time(at: World) -> World:
    """Return the same touchpoints as a till or a log writes them, each day's customers mixed."""
    ordered = Path(at.plain).parent / f"timed{at.customers}"
    if not ordered.exists():
        draft = ordered.with_suffix(".draft")
        draft.mkdir(exist_ok=True)
        with duckdb.connect() as connection:
            _project(connection, f"'{at.plain}/*.parquet'", draft / "part-00000.parquet", order="occurred_at")
        draft.rename(ordered)
    return replace(at, plain=str(ordered))


def _project(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    target: Path,
    *,
    rows: int | None = None,
    order: str = "",
) -> None:
    kept = (
        f"SELECT * FROM {source} ORDER BY {order}" if order else f"SELECT * EXCLUDE (event_id) FROM {source}"
    )
    limit = "" if rows is None else f" LIMIT {rows}"
    connection.execute(
        f"COPY ({kept}{limit}) TO '{target}'"
        f" (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {ROW_GROUP})"
    )
