"""The real process: signals, extensions beside the card, and readers that leave early."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.running import (
    started,
)


@pytest.fixture
def sleeper(shop: Path) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Start a command that sleeps in an extension which lies in the working directory."""
    (shop / "sleepy.py").write_text(
        "import os, sys, time\nprint('noise', os.environ['OMP_WAIT_POLICY'])\n"
        "print('asleep', file=sys.stderr, flush=True)\nnap = os.environ.get('NAP', '60')\n"
        "if nap == 'query':\n    import duckdb\n    print('asking', file=sys.stderr, flush=True)\n"
        "    duckdb.connect(config={'threads': 1}).execute('SELECT SUM(SIN(range)) FROM range(1000000000)').fetchall()\n"
        "else:\n    time.sleep(float(nap))\n",
        encoding="utf-8",
    )
    running: list[subprocess.Popen[str]] = []

    def start(nap: str = "60") -> "subprocess.Popen[str]":
        running.append(started(shop, "sources", "--extension", "sleepy", "--json", NAP=nap))
        return running[-1]

    yield start
    for each in running:
        each.kill()
        each.communicate()


def test_an_extension_beside_the_card_loads_and_cannot_spoil_the_answer(
    sleeper: Callable[[str], "subprocess.Popen[str]"],
) -> None:
    stdout, stderr = sleeper("0").communicate(timeout=30)
    assert json.loads(stdout)["sources"]
    assert "noise PASSIVE" in stderr


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_process_says_so_by_its_exit_code(
    number: signal.Signals, exit_code: int, sleeper: Callable[[], "subprocess.Popen[str]"]
) -> None:
    process = sleeper()
    assert process.stderr is not None
    while process.stderr.readline().strip() != "asleep":
        assert process.poll() is None
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == exit_code
    assert "Traceback" not in stdout + stderr


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_process_that_is_stopped_in_the_middle_of_a_query_says_so_too(
    number: signal.Signals, exit_code: int, sleeper: Callable[[str], "subprocess.Popen[str]"]
) -> None:
    process = sleeper("query")
    assert process.stderr is not None
    while process.stderr.readline().strip() != "asking":
        assert process.poll() is None
    time.sleep(0.3)  # until the query runs
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == exit_code
    assert "Traceback" not in stdout + stderr
    assert "INTERNAL" not in stdout + stderr


def test_a_reader_that_leaves_early_leaves_no_trace(shop: Path) -> None:
    process = started(shop, "features", "--list", "--json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=30) in (0, 1)
