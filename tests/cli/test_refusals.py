"""A command that fails says so in one line, one JSON object and one exit code."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import (
    TRAIN_CARD,
    answer,
    run,
)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        (["check", "nope.csv"], 3, "UNREADABLE_SOURCE"),
        (["check", "empty.csv"], 3, "UNREADABLE_SOURCE"),
        (["check", "header.csv"], 3, "UNREADABLE_SOURCE"),
        (["check", "short.csv"], 3, "MISSING_COLUMN"),
        (["check", "carrier_pigeon:home"], 2, "UNKNOWN_NAME"),
        (["check", "history.csv", "--rejected", "rejected.xlsx"], 2, "USAGE"),
        (["check", "history.csv", "--rejected", "history.csv/rejected.csv"], 7, "UNWRITABLE_OUTPUT"),
        (["check", "history.csv", "--horizon-days", "-1"], 2, "USAGE"),
        (["check"], 2, "USAGE"),
        (["chekc", "history.csv"], 2, "USAGE"),
        (["check", "history.csv", "--colour"], 2, "USAGE"),
        (["features", "history.csv"], 2, "USAGE"),
        (["features"], 2, "USAGE"),
        (["features", "history.csv", "-c", "tomorrow", "-o", "x.csv"], 3, "BAD_CUTOFF"),
        (["train", "pipelines/nope.toml"], 2, "BAD_CARD"),
        (["train", "pipelines/score.toml"], 2, "BAD_CARD"),
        (["train", "typo.toml"], 2, "BAD_CARD"),
        (["train", "pipelines/train.toml"], 4, "NOT_TRAINABLE"),
        (["segment", "pipelines/score.toml"], 2, "BAD_CARD"),
        (["score", "--source", "history.csv"], 2, "USAGE"),
        (["score", "pipelines/score.toml", "--source", "history.csv"], 2, "USAGE"),
        (["explain", "a", "-s", "history.csv", "-c", "2025-03-01", "--language", "fr"], 2, "USAGE"),
        (["cards", "no_folder"], 2, "BAD_CARD"),
        (["tiers", "show", "pyramd"], 2, "UNKNOWN_NAME"),
        (["sources", "--extension", "no_such_company"], 2, "BAD_EXTENSION"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_a_refusal_is_one_line_one_object_and_an_exit_code(
    arguments: list[str], exit_code: int, code: str, kept: Path
) -> None:
    (kept / "empty.csv").touch()
    (kept / "header.csv").write_text("customer_id,occurred_at,kind,channel\n", encoding="utf-8")
    (kept / "short.csv").write_text("customer_id,kind,channel\na,visit,web\n", encoding="utf-8")
    (kept / "typo.toml").write_text(TRAIN_CARD + "horizont_days = 28\n", encoding="utf-8")
    done = run(*arguments, "--json")
    assert done.exit_code == exit_code, done.output
    told = json.loads(done.stdout)
    told = told.get("refusal", told)
    assert told["error_code"] == code
    assert done.stderr.startswith(f"error {code}: ")
    assert done.stderr.count("\n") <= 2
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "arguments", [["models"], ["score", "pipelines/score.toml"], ["train", "pipelines/train.toml"]]
)
def test_a_tracking_server_that_does_not_answer_ends_with_5(
    arguments: list[str], shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert answer(*arguments, exit_code=5)["error_code"] == "STORE_UNREACHABLE"


def test_a_corrupt_registry_ends_with_5(shop: Path) -> None:
    (shop / "mlruns").mkdir()
    (shop / "mlruns" / "mlflow.db").write_text(
        "these are not the tables you look for" * 100, encoding="utf-8"
    )
    for arguments in (["models"], ["score", "pipelines/score.toml"]):
        assert answer(*arguments, exit_code=5)["error_code"] == "STORE_CORRUPT"


def test_a_fault_nobody_foresaw_is_one_line_and_a_hint(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("by\n  nothing")

    monkeypatch.setattr("tiercast.api.check", broken)
    done = run("check", "history.csv")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0] == "error INTERNAL: ZeroDivisionError: by nothing"
    assert "TIERCAST_DEBUG=1" in done.stderr
    assert "Traceback" not in done.stderr
    assert answer("check", "history.csv", exit_code=1)["details"] == {"type": "ZeroDivisionError"}
    monkeypatch.setenv("TIERCAST_DEBUG", "1")
    assert "Traceback" in run("check", "history.csv").stderr


def test_an_interrupt_inside_a_command_ends_with_130(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tiercast.api.check", interrupted)
    assert answer("check", "history.csv", exit_code=130)["error_code"] == "INTERRUPTED"
