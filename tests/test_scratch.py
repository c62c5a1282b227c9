"""What a killed run leaves behind is removed by the next one, and what a living one holds is not."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from tiercast.cli.files import write_frame
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.scratch import ALIVE, ScratchFolder, hidden_beside

Holder = tuple["subprocess.Popen[str]", Path]
ENGINE = """
from tiercast.engines.duckdb import DuckDBEngine
with DuckDBEngine(threads=1) as engine:
    print(engine._temp, flush=True)
    open(engine._temp + "/spilled", "w").write("x" * 1000)
    input()
"""
WRITER = """
import sys
from pathlib import Path
from tiercast.scratch import hidden_beside
with hidden_beside(Path(sys.argv[1])) as hidden:
    hidden.write_text("half of it")
    print(hidden, flush=True)
    input()
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Holder]]:
    """Start a real process that holds something in the folder until it is told to go on, or is killed."""
    running: list[subprocess.Popen[str]] = []

    def begin(code: str, *arguments: str) -> Holder:
        made = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, "TMPDIR": str(tmp_path)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        running.append(made)
        assert made.stdout is not None
        return made, Path(made.stdout.readline().strip())

    yield begin
    for made in running:
        made.kill()
        made.communicate()


def kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def test_the_folder_of_a_killed_run_is_swept_and_that_of_a_living_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Callable[..., Holder]
) -> None:
    (dead, left), (living, held) = start(ENGINE), start(ENGINE)
    kill(dead)
    assert (left / "spilled").exists()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with DuckDBEngine(threads=1):
        assert not left.exists()
        assert (held / "spilled").exists()
        assert len(list(tmp_path.iterdir())) == 2
    living.communicate("\n")
    assert living.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_half_written_table_of_a_killed_run_is_swept_and_that_of_a_living_one_is_not(
    tmp_path: Path, start: Callable[..., Holder]
) -> None:
    place = tmp_path / "out.csv"
    (dead, left), (_, held) = start(WRITER, str(place)), start(WRITER, str(place))
    kill(dead)
    others = [tmp_path / name for name in (".writing-7", ".writing-x-out.csv", "writing-7-out.csv")]
    for other in others:
        other.touch()
    (tmp_path / ".writing-7-folder").mkdir()
    (tmp_path / ".writing-8-link").symlink_to(others[0])
    assert left.exists()
    write_frame(pd.DataFrame({"n": [1]}), place)
    kept = {place, held, *others, tmp_path / ".writing-7-folder", tmp_path / ".writing-8-link"}
    assert set(tmp_path.iterdir()) == kept
    assert held.read_text() == "half of it"


def test_links_folders_without_a_lock_and_those_of_others_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs, outside = (tmp_path / name for name in ("tiercast-mine", "tiercast-of_old", "outside"))
    for folder in (mine, theirs, outside):
        folder.mkdir()
        (folder / "kept").write_text("kept")
    (outside / ALIVE).touch()
    (tmp_path / "tiercast-link").symlink_to(outside)
    (mine / ALIVE).symlink_to(outside / "kept")
    ScratchFolder(tmp_path).remove()
    assert {path.name for path in tmp_path.iterdir()} == {
        "tiercast-mine",
        "tiercast-of_old",
        "outside",
        "tiercast-link",
    }

    (mine / ALIVE).unlink()
    (mine / ALIVE).touch()
    (mine / "link").symlink_to(outside)
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        ScratchFolder(tmp_path).remove()
        assert mine.exists()
    ScratchFolder(tmp_path).remove()
    assert not mine.exists()
    assert (outside / "kept").read_text() == "kept", "what a link in it leads to is not removed"


def test_two_files_are_written_to_one_place_and_neither_takes_the_other_for_left(tmp_path: Path) -> None:
    with hidden_beside(tmp_path / "a.csv") as one, hidden_beside(tmp_path / "b.csv") as other:
        assert one.exists()
        assert other.exists()
    assert list(tmp_path.iterdir()) == []


def test_where_a_disk_keeps_locks_by_process_a_process_does_not_sweep_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "fcntl.flock", lambda *_: None
    )  # as such a disk answers whoever holds the lock already
    first, second = ScratchFolder(tmp_path), ScratchFolder(tmp_path)
    assert Path(first.path).exists()
    first.remove()
    (tmp_path / Path(first.path).name).mkdir()
    (tmp_path / Path(first.path).name / ALIVE).touch()
    ScratchFolder(tmp_path).remove()
    assert not Path(first.path).exists(), "what it has given back is nobody's"
    second.remove()
