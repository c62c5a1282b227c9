"""An add that dies, meets another, or finds the disk full: the store holds whole batches, as before or as after."""

import errno
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.storing.conftest import arrives
from tiercast.errors import OutputError, SourceError
from tiercast.ledger import read_ledger
from tiercast.sources.opening import open_source
from tiercast.storing import add, placing
from tiercast.storing.alone import alone_in

LINES = [f"c{number},2025-01-06,visit,web,,e{number}" for number in range(5)]
FAULTY = "c9,soon,visit,web,,e9"
CHILDREN = """
    import os, signal, sys
    from pathlib import Path
    from tiercast.storing import add, writing

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    def at(moment):
        when, number = moment.split("-")
        real, calls = Path.replace, []
        def replace(self, to):
            calls.append(to)
            if when == "before" and len(calls) == int(number):
                die()
            real(self, to)
            if when == "after" and len(calls) == int(number):
                die()
        Path.replace = replace
        if when == "writing":
            writing.ParquetFile.__exit__ = die

    children = []
    for order in sys.argv[1:]:
        source, store, batch, moment = order.split("|")
        child = os.fork()  # nothing has started a thread yet
        if child == 0:
            if moment:
                at(moment)
            add(source, to=store, batch=batch, most_rejected_share=1, threads=1)
            os._exit(0)
        children.append(child)
    print(*(os.waitpid(child, 0)[1] for child in children))
"""


def started(*orders: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(CHILDREN), *orders]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(children: "subprocess.Popen[str]") -> list[int]:
    """Return how each child ended: 9 where it was killed."""
    told, said = children.communicate(timeout=300)
    assert children.returncode == 0, said[-2000:]
    return [int(word) for word in told.split()]


def held(store: Path) -> dict[str, int]:
    """Return the rows of each batch, as a reader finds them; a damaged store raises."""
    history = open_source(f"store:{store}")
    counts = {Path(file).name.split(".")[0]: len(pd.read_parquet(file)) for file in history.files}
    assert counts == {batch.name: batch.rows for batch in read_ledger(store).batches}
    for batch in read_ledger(store).batches:
        if batch.rejected_file:
            assert len(pd.read_parquet(store / "rejected" / batch.rejected_file)) == batch.rows_rejected
    return counts


def test_whenever_an_add_is_killed_the_batch_is_the_old_one_or_the_new_one(
    landing: Path, tmp_path: Path
) -> None:
    moments = {"writing-0": 3, "before-1": 3, "after-1": 3, "after-2": 3, "before-3": 3, "after-3": 5}
    file = arrives(landing, "a.csv", *LINES[:3])
    for moment in moments:
        add(f"csv:{file}", to=tmp_path / moment, batch="one", threads=1)
    arrives(landing, "a.csv", *LINES, FAULTY)
    children = started(*(f"csv:{file}|{tmp_path / moment}|one|{moment}" for moment in moments))
    assert ended(children) == [9] * len(moments)
    for moment, rows in moments.items():
        assert held(tmp_path / moment) == {"one": rows}, moment
        add(f"csv:{file}", to=tmp_path / moment, batch="one", most_rejected_share=1, threads=1)
        assert held(tmp_path / moment) == {"one": 5}
        assert not list((tmp_path / moment).glob(".writing-*"))


def test_whenever_the_first_add_is_killed_there_is_no_store_or_a_whole_one(
    landing: Path, tmp_path: Path
) -> None:
    moments = ("writing-0", "after-1", "after-2", "after-3", "after-4")
    file = arrives(landing, "a.csv", *LINES, FAULTY)
    children = started(*(f"csv:{file}|{tmp_path / moment}|one|{moment}" for moment in moments))
    assert ended(children) == [9] * len(moments)
    for moment in moments[:-1]:
        with pytest.raises(SourceError, match="no batch was ever added"):
            open_source(f"store:{tmp_path / moment}")
        add(f"csv:{file}?currency=EUR", to=tmp_path / moment, batch="one", most_rejected_share=1, threads=1)
    for moment in moments:
        assert held(tmp_path / moment) == {"one": 5}


def test_processes_that_add_at_once_lose_no_batch_and_add_no_file_twice(landing: Path, store: Path) -> None:
    orders = []
    for number, line in enumerate(LINES):
        orders.append(f"csv:{arrives(landing, f'own/{number}.csv', line)}|{store}|b{number}|")
    arrives(landing, "shared/a.csv", FAULTY, "d1,2025-01-07,visit,web,,d1")
    arrives(landing, "shared/b.csv", "d2,2025-01-07,visit,web,,d2")
    orders += [f"csv:{landing / 'shared'}|{store}||", f"csv:{landing / 'shared' / 'b.csv'}|{store}||"]
    assert ended(started(*orders)) == [0] * len(orders)
    counts = held(store)
    assert sum(counts.values()) == len(LINES) + 2
    assert {name for name in counts if name.startswith("b") and len(name) == 2} == {
        f"b{number}" for number in range(5)
    }


def test_a_reader_finds_the_batch_whole_while_it_is_replaced_again_and_again(
    landing: Path, store: Path
) -> None:
    few, many = (arrives(landing, f"{rows}/a.csv", *LINES[:rows]) for rows in (3, 5))
    frames = {rows: pd.read_csv(file) for rows, file in ((3, few), (5, many))}
    add(frames[3], to=store, batch="one", threads=1)
    files = [few.with_suffix(".parquet"), many.with_suffix(".parquet")]
    for rows, file in zip(frames, files, strict=True):
        frames[rows].to_parquet(file)
    table = [f"duckdb:{_database(file)}#rows|{store}|one|" for file in files]
    children, seen = started(*table * 4), 0
    while children.poll() is None:
        opened = open_source(f"store:{store}")
        time.sleep(0.02)  # others replace it meanwhile
        assert sum(len(pd.read_parquet(file)) for file in opened.files) in (3, 5)
        seen += 1
    assert ended(children) == [0] * 8
    assert seen > 3


def _database(file: Path) -> Path:
    import duckdb

    place = file.with_suffix(".duckdb")
    with duckdb.connect(str(place)) as connection:
        connection.execute(f"CREATE TABLE rows AS SELECT * FROM '{file}'")
    return place


def test_who_waits_too_long_is_told_for_whom(landing: Path, store: Path) -> None:
    arrives(landing, "a.csv", *LINES)
    store.mkdir()
    said: list[str] = []
    with alone_in(store, wait_seconds=0):
        with pytest.raises(
            OutputError, match=f"process {os.getpid()} is adding to it since .*run again"
        ) as refused:
            add(f"csv:{landing}", to=store, wait_seconds=0.3, progress=said.append)
        assert refused.value.exit_code == 7
    assert any(step.startswith("waiting: process") for step in said)
    assert add(f"csv:{landing}", to=store, wait_seconds=0).rows == 5


def test_what_was_replaced_goes_after_an_hour_and_nothing_else(landing: Path, store: Path) -> None:
    add(f"csv:{arrives(landing, 'a.csv', *LINES[:3])}", to=store, batch="one")
    add(f"csv:{arrives(landing, 'b.csv', *LINES[3:])}", to=store, batch="taken_out")
    arrives(landing, "a.csv", *LINES[:2])
    stray = store / "touchpoints" / "somebody's.parquet"
    stray.touch()
    before = set((store / "touchpoints").iterdir())
    for path in before:
        os.utime(path, (0, 0))
    (store / "ledger" / "taken_out.json").unlink()
    add(f"csv:{landing / 'a.csv'}", to=store, batch="one")
    add(f"csv:{landing / 'a.csv'}", to=store, batch="one")
    assert before < set((store / "touchpoints").iterdir()), "the old batch may still be read"
    for path in before:
        os.utime(path, (0, 0))
    add(f"csv:{landing / 'a.csv'}", to=store, batch="one")
    left = {path.name.split(".")[0] for path in before if path.exists()}
    assert left == {"taken_out", "somebody's"}
    assert held(store) == {"one": 2}


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Any:
    place = tmp_path / "tiny"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root can mount a small disk; the next test pretends")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_told_and_the_last_good_batches_stay(landing: Path, tiny_disk: Path) -> None:
    store = tiny_disk / "store"
    add(f"csv:{arrives(landing, 'a.csv', *LINES)}", to=store, batch="one")
    many = [f"{os.urandom(12).hex()},2025-01-06,visit,web,,{os.urandom(12).hex()}" for _ in range(8_000)]
    arrives(landing, "a.csv", *LINES)
    arrives(landing, "b.csv", *many)
    for batch in ("one", "two"):
        with pytest.raises(OutputError, match="No space left on device") as refused:
            add(f"csv:{landing}", to=store, batch=batch)
        assert refused.value.code == "UNWRITABLE_OUTPUT"
        assert held(store) == {"one": 5}
        assert not list(store.glob(".writing-*")), "the space is given back"


def test_a_disk_that_fills_at_any_step_is_told(
    landing: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = arrives(landing, "a.csv", *LINES[:3])
    add(f"csv:{file}", to=store, batch="one")
    arrives(landing, "a.csv", *LINES, FAULTY)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for owner, name in (
        (placing.shutil, "rmtree"), (Path, "write_text"), (Path, "replace"), (os, "fsync"), (os, "open"),
    ):  # fmt: skip
        if name == "rmtree":
            (store / ".writing-left").mkdir()
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, full)
            with pytest.raises(OutputError, match="No space left"):
                add(f"csv:{file}", to=store, batch="one", most_rejected_share=1)
        assert held(store) == {"one": 3}
    add(f"csv:{file}", to=store, batch="one", most_rejected_share=1)
    assert held(store) == {"one": 5}
