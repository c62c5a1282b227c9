"""Help is quick, complete, and the same as the page of commands."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

import tiercast.cli
from tests.cli.running import (
    ROOT,
    run,
)
from tiercast.cli import app

COMMANDS = (
    "check", "features", "sources", "train", "segment", "stages", "audit", "score", "explain", "demo", "cards", "add", "models",
    "ui", "relocate", "tiers list", "tiers show", "tiers simulate", "tiers explain", "tiers concentration", "tiers forecast",
    "tiers history", "uplift", "conversion", "clocks", "plan", "actions show",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_takes_the_shared_options(command: str, shop: Path) -> None:
    done = run(*command.split(), "--help")
    assert done.exit_code == 0
    for expected in ("Usage: ", "--json", "--root", "--verbose", "Exit codes: 0 done"):
        assert expected in done.stdout


def test_these_are_all_the_commands() -> None:
    group: Any = typer.main.get_command(app)
    found = [name for name in group.commands if name not in ("tiers", "actions")]
    found += [f"{each} {name}" for each in ("tiers", "actions") for name in group.commands[each].commands]
    assert sorted(found) == sorted(COMMANDS)


def test_help_tells_the_exit_codes_of_the_error_tree() -> None:
    from tiercast.errors import leaves

    told = {int(code) for code in re.findall(r"(\d+) \w", tiercast.cli.EXIT_CODES)}
    assert {leaf.exit_code for leaf in leaves()} | {0, 1, 130, 143} == told


def spent_below() -> float:
    """Return the processor seconds of the processes that have ended: other work on the machine does not count."""
    ours = os.times()
    return ours.children_user + ours.children_system


def test_help_takes_less_than_a_second_and_imports_nothing_heavy() -> None:
    heavy = [
        "duckdb",
        "lightgbm",
        "mlflow",
        "matplotlib",
        "numpy",
        "optuna",
        "pandas",
        "pyarrow",
        "scipy",
        "sklearn",
    ]
    program = (
        "import sys\nfrom tiercast.cli import main\nsys.argv = ['tiercast', '--help']\n"
        f"try:\n    main()\nexcept SystemExit as left:\n"
        f"    print(left.code, [name for name in {heavy} if name in sys.modules], file=sys.stderr)\n"
    )
    seconds = []
    for _ in range(3):
        start = spent_below()
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        seconds.append(spent_below() - start)
        assert done.stderr.strip() == "0 []"
    assert min(seconds) < 1.0


def test_the_page_of_commands_is_made_from_the_commands() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "commands.py"))["page"]()
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == page, (
        "run: python docs/commands.py > docs/commands.md"
    )


def test_the_version_is_told() -> None:
    assert run("--version").stdout == f"tiercast {tiercast.__version__}\n"
