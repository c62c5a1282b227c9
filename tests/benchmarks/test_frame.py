"""A benchmark's result file has one shape, and never hides a goal that was missed."""

import json
from pathlib import Path

import pytest

from benchmarks.frame import Measure, finish, machine, size


def test_a_result_file_has_the_agreed_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measures = [
        Measure(
            name="score a row",
            value=0.5,
            unit="s",
            at_most=1.0,
            peer="a peer",
            peer_value=2.0,
            interval=(0.4, 0.6),
        ),
        Measure(name="columns", value=57.0, unit="columns"),
    ]
    path = finish("example", measures, folder=tmp_path / "deep")
    written = json.loads(path.read_text(encoding="utf-8"))
    assert list(written) == ["machine", "measured_on", "measures"]
    assert written["measures"][0] == {
        "name": "score a row",
        "value": 0.5,
        "unit": "s",
        "goal": "at most 1",
        "holds": True,
        "peer": "a peer",
        "peer_value": 2.0,
        "interval": [0.4, 0.6],
    }
    assert written["measures"][1]["holds"] is None
    assert [found.name for found in path.parent.iterdir()] == ["example.json"]
    assert "score a row" in capsys.readouterr().out


def test_a_number_that_is_not_a_number_meets_no_goal_and_stays_valid_json(tmp_path: Path) -> None:
    lost = Measure(name="lost", value=float("nan"), unit="s", at_most=1.0)
    assert lost.holds is False
    assert json.loads(finish("lost", [lost], folder=tmp_path).read_text())["measures"][0]["value"] is None


def test_the_machine_is_described_and_not_named() -> None:
    import platform

    assert machine()["cores"]
    assert platform.node() not in json.dumps(machine())


def test_a_size_comes_from_the_environment_else_from_the_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROWS", raising=False)
    monkeypatch.delenv("SMALL", raising=False)
    assert size("ROWS", full=100, reduced=10) == 100
    monkeypatch.setenv("SMALL", "1")
    assert size("ROWS", full=100, reduced=10) == 10
    monkeypatch.setenv("ROWS", "7")
    assert size("ROWS", full=100, reduced=10) == 7
