"""A batch that dies, meets another, or finds the disk full: readers see the old scorecard or the new one, whole."""

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import tiercast
from tests.path.world import CUTOFF, World
from tiercast import scoring
from tiercast.errors import OutputError

FACTS = {"version": "v", "cutoff": CUTOFF.isoformat()}
BATCH = """
    import os, signal, sys
    from pathlib import Path
    from tiercast import api

    if sys.argv[3] == "dies":
        Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    print(api.score(sys.argv[1], cutoff="2024-12-30", out=sys.argv[2]).place)
"""
PUBLISHERS = """
    import os, signal, sys
    from datetime import date
    from pathlib import Path
    import pandas as pd
    import tiercast.scoring as scoring

    def publish(out):
        cards = pd.read_parquet(sys.argv[1])
        scoring.publish(cards, Path(out), cutoff=date(2024, 12, 30), version="v", facts={"customers": len(cards)})

    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    def half_written():
        real = scoring.write_table
        def write(cards, place):
            real(cards, place)
            os.truncate(place, place.stat().st_size // 2)
            die()
        scoring.write_table = write

    def before_the_rename():
        Path.replace = die

    def after_the_rename():
        real = Path.replace
        def replace(self, to):
            real(self, to)
            die()
        Path.replace = replace

    def many_times():
        for _ in range(8):
            publish(folder)
        os._exit(0)

    children = {}
    for order in sys.argv[2:]:
        folder, moment = order.split("=")
        child = os.fork()  # nothing has started a thread yet
        if child == 0:
            globals()[moment]()
            publish(folder)
            os._exit(1)
        children[child] = order
    for child, order in children.items():
        print(order, os.waitpid(child, 0)[1])
"""


def started(world: World, program: str, *words: object) -> "subprocess.Popen[str]":
    environment = {**os.environ, "MLFLOW_TRACKING_URI": world.uri, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program), *map(str, words)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def seen_by_a_reader(out: Path) -> list[Path]:
    """Return every parquet file there is, hidden folders included: the least careful reader."""
    return sorted(out.rglob("*.parquet"))


@pytest.fixture
def cards(world: World) -> pd.DataFrame:
    return tiercast.score(world.touchpoints(["c0001", "c0002"]), cutoff=CUTOFF).cards


def test_a_batch_that_was_killed_leaves_nothing_to_be_seen_and_two_at_once_then_complete(
    world: World, tmp_path: Path
) -> None:
    some = tmp_path / "came" / "touchpoints.csv"
    some.parent.mkdir()
    world.touchpoints([f"c{number:04}" for number in range(60)]).to_csv(some, index=False)
    killed = started(world, BATCH, some, tmp_path, "dies")
    _, said = killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL, said[-2000:]
    assert seen_by_a_reader(tmp_path) == []
    assert list(tmp_path.glob(".writing-*")), "it died while it was writing"
    other = started(world, BATCH, some, tmp_path, "lives")
    report = tiercast.score(str(some), cutoff=CUTOFF, out=tmp_path)
    place, said = other.communicate(timeout=120)
    assert other.returncode == 0, said[-2000:]
    (published,) = seen_by_a_reader(tmp_path)
    assert place.strip() == str(published) == str(report.place)
    cards = pd.read_parquet(published)
    assert cards["customer_id"].is_unique
    assert json.loads((published.parent / "_facts.json").read_text("utf-8"))["customers"] == len(cards)


def test_whenever_a_batch_dies_the_scorecard_is_the_old_one_or_the_new_one(
    world: World, cards: pd.DataFrame, tmp_path: Path
) -> None:
    scoring.write_table(cards.iloc[:1], tmp_path / "new.parquet.in")
    moments = {"half_written": 2, "before_the_rename": 2, "after_the_rename": 1}
    places = {}
    for moment in moments:
        places[moment] = scoring.publish(cards, tmp_path / moment, cutoff=CUTOFF, version="v", facts=FACTS)
    orders = [f"{tmp_path / moment}={moment}" for moment in moments]
    run = started(world, PUBLISHERS, tmp_path / "new.parquet.in", *orders)
    told, said = run.communicate(timeout=120)
    assert [line.split()[-1] for line in told.splitlines()] == ["9", "9", "9"], said[-2000:]
    for moment, rows in moments.items():
        assert seen_by_a_reader(tmp_path / moment) == [places[moment]]
        assert len(pd.read_parquet(places[moment])) == rows, moment
        scoring.publish(cards, tmp_path / moment, cutoff=CUTOFF, version="v", facts=FACTS)
        assert len(pd.read_parquet(places[moment])) == 2


def test_a_reader_never_finds_the_scorecard_missing_while_others_replace_it(
    world: World, cards: pd.DataFrame, tmp_path: Path
) -> None:
    place = scoring.publish(cards, tmp_path / "out", cutoff=CUTOFF, version="v", facts=FACTS)
    orders = [f"{tmp_path / 'out'}=many_times"] * 2
    run, reads, first = started(world, PUBLISHERS, place, *orders), 0, place.stat().st_mtime_ns
    while run.poll() is None:
        assert len(pd.read_parquet(place)) == len(cards)
        reads += 1
        time.sleep(0.02)  # the writers need the machine too
    told, said = run.communicate()
    assert [line.split()[-1] for line in told.splitlines()] == ["0", "0"], said[-2000:]
    assert reads > 3
    assert place.stat().st_mtime_ns > first


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Any:
    place = tmp_path / "tiny"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root can mount a small disk; the next test pretends")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_told_and_the_last_good_output_stays(cards: pd.DataFrame, tiny_disk: Path) -> None:
    place = scoring.publish(cards, tiny_disk, cutoff=CUTOFF, version="v", facts=FACTS)
    good = place.read_bytes()
    names = [f"c{number}-{os.urandom(12).hex()}" for number in range(20_000)]
    many = cards.loc[[0] * len(names)].reset_index(drop=True).assign(customer_id=names)
    with pytest.raises(OutputError, match="No space left on device") as refused:
        scoring.publish(many, tiny_disk, cutoff=CUTOFF, version="v", facts=FACTS)
    assert refused.value.code == "UNWRITABLE_OUTPUT"
    assert seen_by_a_reader(tiny_disk) == [place]
    assert place.read_bytes() == good
    assert not list(tiny_disk.glob(".writing-*")), "the space is given back"


def test_a_disk_that_fills_at_any_step_is_told(
    cards: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = scoring.publish(cards, tmp_path, cutoff=CUTOFF, version="v", facts=FACTS)
    good = place.read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for owner, name in (
        (scoring.tempfile, "mkdtemp"),
        (scoring, "write_table"),
        (Path, "write_text"),
        (os, "fsync"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, full)
            with pytest.raises(OutputError, match="No space left"):
                scoring.publish(cards.iloc[:1], tmp_path, cutoff=CUTOFF, version="v", facts=FACTS)
        assert place.read_bytes() == good


def test_what_a_dead_run_left_is_swept_after_an_hour_and_not_before(
    cards: pd.DataFrame, tmp_path: Path
) -> None:
    old, young = tmp_path / ".writing-old", tmp_path / ".writing-young"
    for left in (old, young):
        left.mkdir()
    an_hour_ago = time.time() - 3700
    os.utime(old, (an_hour_ago, an_hour_ago))
    scoring.publish(cards, tmp_path, cutoff=CUTOFF, version="v", facts=FACTS)
    assert not old.exists()
    assert young.exists()


def test_other_cutoffs_and_versions_are_never_touched(cards: pd.DataFrame, tmp_path: Path) -> None:
    first = scoring.publish(cards, tmp_path, cutoff=CUTOFF, version="v", facts=FACTS)
    before = first.stat()
    scoring.publish(cards.iloc[:1], tmp_path, cutoff=CUTOFF, version="w", facts=FACTS)
    scoring.publish(cards.iloc[:1], tmp_path, cutoff=CUTOFF.replace(day=29), version="v", facts=FACTS)
    assert len(seen_by_a_reader(tmp_path)) == 3
    assert (first.stat().st_ino, first.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
