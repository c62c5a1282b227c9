"""Runs a contestant in a process of its own, and tells what it spent.

A contestant is a function from a :class:`~.task.Task` to its answer. Its process first does the same work on a thousand
rows, so that imports, a virtual machine's start and first use of everything are over; then the clock runs. What is
written down afterwards, to be compared, is not counted.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.peers.spent import peak_gb, processor_seconds
from benchmarks.peers.task import Task

CONTESTANTS = {
    "ours": "benchmarks.peers.ours:frames",
    "ours, one cutoff after the other": "benchmarks.peers.ours:loop",
    "hand-written SQL, one scan kept": "benchmarks.peers.hand:one_scan",
    "hand-written SQL, lines kept": "benchmarks.peers.hand:lines_kept",
    "hand-written SQL, a scan a purpose": "benchmarks.peers.hand:scans",
    "Polars": "benchmarks.peers.by_polars:features",
    "pandas": "benchmarks.peers.by_pandas:features",
    "PySpark": "benchmarks.peers.by_spark:features",
}
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Spent:
    """What one run took."""

    processor_s: float
    wall_s: float
    peak_gb: float
    rows: int


def run(contestant: str, task: Task, *, warm: str) -> Spent:
    """Run a contestant and return what it spent.

    Parameters
    ----------
    contestant : str
        One of :data:`CONTESTANTS`.
    warm : str
        The folder with a thousand of the rows.

    Raises
    ------
    RuntimeError
        It failed; the last lines that it said are told.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked, first, told = (Path(folder) / name for name in ("task.json", "warm.json", "spent.json"))
        task.write(asked)
        replace(task, folder=warm, out="").write(first)
        command = [
            sys.executable,
            "-m",
            "benchmarks.peers.contest",
            contestant,
            *map(str, (asked, first, told)),
        ]
        threads = {name: str(task.threads) for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS")}
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | threads, check=False, capture_output=True, text=True
        )
        if done.returncode or not told.exists():
            raise RuntimeError(f"{contestant} ended with {done.returncode}:\n{done.stderr[-4000:]}")
        spent = Spent(**json.loads(told.read_text(encoding="utf-8")))
    print(
        f"  {contestant}: {spent.processor_s:.2f} CPU s, {spent.wall_s:.1f} s, {spent.peak_gb:.2f} GB, {spent.rows:,} rows",
        flush=True,
    )
    return spent


def main() -> None:
    """Be the contestant's process."""
    contestant, asked, first, told = sys.argv[1:]
    module, _, name = CONTESTANTS[contestant].partition(":")
    work = getattr(importlib.import_module(module), name)
    task = Task.read(Path(asked))
    work(Task.read(Path(first)))
    before, start = processor_seconds(), time.perf_counter()
    answer = work(task)
    spent = Spent(processor_seconds() - before, time.perf_counter() - start, peak_gb(), _rows(answer))
    if task.out:
        _write(answer, task.out)
    Path(told).write_text(json.dumps(vars(spent)), encoding="utf-8")


def _rows(answer: Any) -> int:
    return answer if isinstance(answer, int) else len(answer)


def _write(answer: Any, path: str) -> None:
    if hasattr(answer, "write_parquet"):
        answer.write_parquet(path)
    else:
        answer.to_parquet(path, index=False)


if __name__ == "__main__":
    main()
