"""How the tests run the command line: in this process, or as the real command."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from tiercast.cli import app

ROOT = Path(__file__).parents[2]
WIDTH = 80
HISTORY = """customer_id,occurred_at,kind,channel,amount,colour
a,2025-01-01,purchase,store,10,red
a,2025-01-01,purchase,store,10,red
a,2025-01-20,purchase,moonbase,5,red
b,2025-01-21,purchase,store,7,blue
b,2025-02-01,visit,web,,blue
b,2025-02-02,sniff,web,,blue
c,2025-02-03,visit,web,,blue
c,2025-02-04,visit,web,,blue
,2025-02-05,visit,web,,blue
c,soon,visit,web,,blue
"""
TRAIN_CARD = 'job = "train"\nsource = "csv:history.csv"\n'
SCORE_CARD = 'job = "score"\nsource = "csv:history.csv"\nout = "scores"\ncutoff = "2025-03-01"\n'


def run(*arguments: str) -> Result:
    """Run one command line in this process."""
    return CliRunner().invoke(app, list(arguments))


def answer(*arguments: str, exit_code: int = 0) -> Any:
    """Run one command line with ``--json`` and return the one object that it prints."""
    done = run(*arguments, "--json")
    assert done.exit_code == exit_code, done.output
    return json.loads(done.stdout)


def started(folder: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    """Start the real command in a folder."""
    kept = {name: value for name, value in os.environ.items() if name != "COVERAGE_PROCESS_START"}
    return subprocess.Popen(
        [sys.executable, "-m", "tiercast.cli", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT / "src" / "models"), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def assert_readable(done: Result) -> None:
    """A page for people: no colours where none are wanted, no line wider than the terminal but a path.

    There is no terminal here, where rows of a table are never broken: their cells are two blanks apart or more.
    """
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.stdout
    assert [
        line
        for line in done.stdout.splitlines()
        if len(line.rstrip()) > WIDTH and not re.search("/|  |──", line.strip())
    ] == []
