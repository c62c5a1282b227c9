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


def test_parts_that_are_measured_apart_stand_beside_each_other(tmp_path: Path) -> None:
    before = [Measure(name="a", value=1.0, unit="s", at_most=1_500.5), Measure(name="b", value=2.0, unit="s")]
    finish("parts", before, folder=tmp_path)
    after = [
        Measure(name="b", value=9.0, unit="s"),
        Measure(name="c", value=3.0, unit="s", interval=(1.0, 4.0)),
    ]
    written = json.loads(finish("parts", after, folder=tmp_path, beside=True).read_text(encoding="utf-8"))
    told = [(each["name"], each["value"], each["goal"], each["interval"]) for each in written["measures"]]
    assert told == [("a", 1.0, "at most 1,500.5", None), ("b", 9.0, None, None), ("c", 3.0, None, [1.0, 4.0])]
    alone = json.loads(finish("parts", after, folder=tmp_path).read_text(encoding="utf-8"))
    assert [each["name"] for each in alone["measures"]] == ["b", "c"]


def test_what_was_measured_on_another_commit_is_told_beside_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for commit, name in (("abc", "a"), ("def+changes", "b"), ("def+changes", "c")):
        monkeypatch.setattr("benchmarks.frame.parent_commit", lambda at=commit: at)
        path = finish("parts", [Measure(name=name, value=1.0, unit="s")], folder=tmp_path, beside=True)
    assert json.loads(path.read_text(encoding="utf-8"))["measured_on"] == "abc, def+changes"
    finish("parts", [Measure(name=name, value=1.0, unit="s") for name in "abc"], folder=tmp_path, beside=True)
    assert json.loads(path.read_text(encoding="utf-8"))["measured_on"] == "def+changes"
