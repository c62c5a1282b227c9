"""Tables: whole rows for another program, and names that are never broken for people."""

import io
import re

import pytest
from rich.console import Console

from tests.cli.running import run
from tiercast.cli.screen import Screen, table

LONG = "a_feature_whose_name_is_rather_long_share"
MEANING = "what it means takes more than one line of eighty letters, which is what a terminal had when there were none"


def test_where_there_is_no_terminal_a_row_is_one_line_whose_cells_are_two_blanks_apart(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    for tight in (False, True):
        Screen().answer({}, table("Two features", ["feature", "meaning", "n"], [(LONG, MEANING, 1), ("b", "", 22)],
                                  numbers=["n"], tight=tight))  # fmt: skip
        title, head, _, first, second = capsys.readouterr().out.splitlines()
        assert title == "Two features"
        assert first.split() == [LONG, *MEANING.split(), "1"]
        assert re.match(f"{LONG} {{2,3}}{MEANING}  ", first)
        assert head.index("meaning") == first.index(MEANING)
        assert second.split() == ["b", "22"]


def test_a_terminal_of_eighty_columns_breaks_meanings_and_no_names() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    with console.capture() as held:
        console.print(table("", ["feature", "meaning"], [(LONG, MEANING)], whole=["feature"]))
    lines = held.get().splitlines()
    assert LONG in lines[2]
    assert len(lines) > 3
    assert max(map(len, lines)) <= 80


def test_a_listed_feature_is_found_by_name_whatever_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = run("features", "--list")
    rows = done.stdout.splitlines()
    assert len(rows) == int(rows[0].split()[0]) + 3
    assert [line for line in rows if line.startswith("days_since_purchase_to_longest_ratio   ratio  ")]
