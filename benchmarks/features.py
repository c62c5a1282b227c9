"""The features' text beside its peers: hand-written SQL, pandas, Polars and Spark, over the same files, in one run.

``ROWS`` (touchpoints; about 21 a customer), ``LARGE_ROWS`` for the run under a memory limit, ``FOLDER`` keeps what was
written, ``STEPS`` takes some of: hand, peers, bits, panel, large, served, whole. What a step measured before stays in the
result file when others are run again.
"""

import os
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from benchmarks.frame import Measure, finish, size, small
from benchmarks.peers import columns as chosen
from benchmarks.peers.contest import CONTESTANTS, Spent, run
from benchmarks.peers.equal import compare
from benchmarks.peers.served import answers, request
from benchmarks.peers.task import Task
from benchmarks.peers.world import World, in_order_of_time, world
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.catalogue import Catalogue, build_catalogue, look
from tiercast.schema import History
from tiercast.sources.opening import open_source

PER_CUSTOMER = 20.9
LAST = date(2026, 1, 1)
MONTHLY = tuple(LAST - timedelta(days=30 * back) for back in range(12))
LIMIT, TIMED_LIMIT = "4GB", "800MB"
"""The files of the world are written by customer; in order of time every bucket reads all rows."""
BITS_LIMIT = "8GB"
"""Some three hundred columns of a million customers beside Spark's own memory."""


def steps() -> list[str]:
    """Return the steps that are asked for; small mode leaves the heavy peers out."""
    usual = "hand,panel,served,whole" if small() else "hand,peers,bits,panel,large,served,whole"
    return os.environ.get("STEPS", usual).split(",")


def asked(at: World) -> tuple[Task, Task]:
    """Return the task over the columns that everybody makes, and the one over the whole catalogue."""
    with DuckDBEngine(memory_limit=LIMIT) as engine:
        history: History = open_source(f"parquet:{at.plain}")
        engine.attach(history)
        catalogue: Catalogue = build_catalogue(look(engine.run, history, MONTHLY[-1]))
    seen = catalogue.seen
    names = chosen.columns(seen.categories, seen.channels)
    shared = Task(
        folder=at.plain, cutoffs=[LAST.isoformat()], channels=seen.channels, categories=seen.categories, names=names,
        text=catalogue.text(history, names), tables=catalogue.tables(history).to_json(),
    )  # fmt: skip
    return shared, replace(shared, names=catalogue.names, text=catalogue.text(history))


def best(contestant: str, task: Task, at: World, *, runs: int = 2) -> Spent:
    """Return the cheapest of some runs: what others do on the machine only adds."""
    return min(
        (run(contestant, task, warm=at.warm) for _ in range(runs)), key=lambda spent: spent.processor_s
    )


def by_hand(task: Task, at: World, place: Path) -> Iterator[Measure]:
    """Compare with the fastest of the hand-written shapes, cell by cell and in processor time."""
    shapes = [name for name in CONTESTANTS if name.startswith("hand")]
    for name in ("ours", shapes[0]):
        run(name, replace(task, out=str(place / f"{name[:4]}.parquet")), warm=at.warm)
    cells = compare(place / "ours.parquet", place / "hand.parquet", task.names)
    ours = best("ours", task, at)
    fastest = min((best(name, task, at) for name in shapes), key=lambda spent: spent.processor_s)
    size_told = f"{at.touchpoints:,} touchpoints, {len(task.names)} columns, one cutoff"
    yield Measure(name=f"{size_told}: ours", value=ours.processor_s, unit="CPU s", peer="hand-written SQL, best of three shapes",
                  peer_value=fastest.processor_s)  # fmt: skip
    yield Measure(
        name="ours to hand-written SQL",
        value=ours.processor_s / fastest.processor_s,
        unit="ratio",
        at_most=1.15,
    )
    yield Measure(
        name="peak memory, ours",
        value=ours.peak_gb,
        unit="GB",
        peer="hand-written SQL",
        peer_value=fastest.peak_gb,
    )
    yield Measure(name="cells compared, all alike", value=float(cells), unit="cells")


def peers(task: Task, at: World) -> Iterator[Measure]:
    """Compare with pandas, Polars and Spark in processor time."""
    ours = best("ours", task, at)
    for name, goal in (("Polars", 1.3), ("PySpark", 4.0), ("pandas", 8.0)):
        spent = run(name, task, warm=at.warm)
        yield Measure(name=f"{name} to ours, {at.touchpoints:,} touchpoints", value=spent.processor_s / ours.processor_s,
                      unit="ratio", at_least=goal, peer=f"{name}, CPU s", peer_value=spent.processor_s)  # fmt: skip


def bits(task: Task, at: World, place: Path) -> Iterator[Measure]:
    """Run the whole catalogue on DuckDB and on Spark, and compare every cell to the bit."""
    for name in ("ours", "PySpark"):
        limit = BITS_LIMIT if name == "ours" else task.memory_limit
        run(name, replace(task, memory_limit=limit, out=str(place / f"{name}.parquet")), warm=at.warm)
    cells = compare(place / "ours.parquet", place / "PySpark.parquet", task.names, exact=True)
    yield Measure(
        name=f"cells of {at.customers:,} customers on DuckDB and on Spark, all alike to the bit",
        value=float(cells),
        unit="cells",
    )


def panel(task: Task, at: World) -> Iterator[Measure]:
    """Compare twelve monthly cutoffs over two years with one, and with a loop."""
    one, twelve = best("ours", task, at), replace(task, cutoffs=[day.isoformat() for day in MONTHLY])
    ours = run("ours", twelve, warm=at.warm)
    loop = run("ours, one cutoff after the other", twelve, warm=at.warm)
    yield Measure(name=f"panel of 12 cutoffs to one, {len(task.names)} columns, {at.touchpoints:,} touchpoints",
                  value=ours.processor_s / one.processor_s, unit="ratio", at_most=5.0, peer="a loop over the cutoffs",
                  peer_value=loop.processor_s / one.processor_s)  # fmt: skip
    yield Measure(name="peak memory of the panel", value=ours.peak_gb, unit="GB")


def large(task: Task, at: World, small_world: World, small_task: Task) -> Iterator[Measure]:
    """Run many rows under a memory limit, and compare the cost of a row; then fewer within less, in order of time."""
    few = best("ours", small_task, small_world)
    many = run("ours", replace(task, memory_limit=LIMIT), warm=at.warm)
    growth = (many.processor_s / at.touchpoints) / (few.processor_s / small_world.touchpoints)
    yield Measure(
        name=f"{at.touchpoints:,} touchpoints within {LIMIT}: peak memory",
        value=many.peak_gb,
        unit="GB",
        at_most=5.0,
    )
    yield Measure(name="the same: processor time", value=many.processor_s, unit="CPU s")
    yield Measure(
        name="the same: cost of a row to that of fewer rows without a limit",
        value=growth,
        unit="ratio",
        at_most=1.15,
    )
    timed = in_order_of_time(small_world)
    mixed = run("ours", replace(small_task, folder=timed.plain, memory_limit=TIMED_LIMIT), warm=at.warm)
    yield Measure(
        name=f"{timed.touchpoints:,} touchpoints in order of time within {TIMED_LIMIT}: cost of a row to that without a limit",
        value=mixed.processor_s / few.processor_s,
        unit="ratio",
    )
    yield Measure(name="the same in order of time: peak memory", value=mixed.peak_gb, unit="GB")


def served(task: Task, runs: int) -> Iterator[Measure]:
    """Compare one customer's request with prepared hand-written SQL."""
    ours, hand = answers(task, request(task), runs=runs)
    ratio = statistics.median(ours) / statistics.median(hand)
    yield Measure(name="one customer with 200 touchpoints, in process", value=statistics.median(ours), unit="ms",
                  peer="hand-written SQL, prepared", peer_value=statistics.median(hand))  # fmt: skip
    yield Measure(name="the same: ours to hand-written SQL", value=ratio, unit="ratio", at_most=1.3)


def whole(task: Task, at: World) -> Iterator[Measure]:
    """Take the whole catalogue, without a peer."""
    spent = best("ours", task, at)
    yield Measure(name=f"whole catalogue, {len(task.names)} features, a million touchpoints",
                  value=spent.processor_s / at.touchpoints * 1e6, unit="CPU s")  # fmt: skip
    yield Measure(name="the same: peak memory", value=spent.peak_gb, unit="GB")
    told = best("ours", replace(task, folder=at.told), at)
    yield Measure(name="looking for repeated event ids, a million touchpoints",
                  value=(told.processor_s - spent.processor_s) / at.touchpoints * 1e6, unit="CPU s")  # fmt: skip


def main() -> None:
    """Measure and write."""
    wanted = steps()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(os.environ.get("FOLDER", scratch))
        at = world(place, round(size("ROWS", full=20_900_000, reduced=200_000) / PER_CUSTOMER))
        task, everything = asked(at)
        measures: list[Measure] = []
        if "hand" in wanted:
            measures += by_hand(task, at, Path(scratch))
        if "peers" in wanted:
            measures += peers(task, at)
        if "bits" in wanted:
            measures += bits(everything, at, Path(scratch))
        if "panel" in wanted:
            measures += panel(task, at)
        if "served" in wanted:
            measures += served(task, runs=20 if small() else 200)
        if "whole" in wanted:
            measures += whole(everything, at)
        if "large" in wanted:
            more = world(place, round(size("LARGE_ROWS", full=104_500_000, reduced=400_000) / PER_CUSTOMER))
            measures += large(asked(more)[0], more, at, task)
    finish("features", measures, beside="STEPS" in os.environ)


if __name__ == "__main__":
    main()
