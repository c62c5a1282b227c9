"""Commands about the tracking store: its models, its user interface, its repair."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.running import (
    answer,
    assert_readable,
    run,
)


def test_an_empty_store_has_no_models_and_no_champion(kept: Path) -> None:
    told = answer("models")
    assert (told["versions"], told["champion"]) == ([], None)
    assert "tiercast train CARD" in run("models").stdout
    for arguments in (
        ["score", "pipelines/score.toml"],
        ["explain", "a", "-s", "history.csv", "-c", "2025-03-01"],
    ):
        assert answer(*arguments, exit_code=6)["error_code"] == "NO_CHAMPION"


def test_models_are_listed_with_aliases_and_what_they_are_made_of(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiercast.registry import VersionInfo

    (kept / "manifest.json").write_text('{"candidates": {"churn": "blend"}}', encoding="utf-8")
    made = datetime(2025, 3, 1, 6, 30, tzinfo=UTC)
    name = "tiercast-scorecard"
    versions = [
        VersionInfo(name, 1, (), None, made, {"tiercast.kind": "rule", "tiercast.judged": "no"}),
        VersionInfo(name, 2, ("champion",), "77", made, {"tiercast.kind": "model"}),
    ]
    monkeypatch.setattr("tiercast.registry.list_versions", lambda _: versions)
    monkeypatch.setattr("tiercast.registry.bundle_folder", lambda *_, **__: kept)
    told = answer("models")
    assert [each["version"] for each in told["versions"]] == [2, 1]
    assert (told["champion"], told["versions"][0]["basis"]) == (2, {"churn": "blend"})
    assert [each["judged"] for each in told["versions"]] == [True, False]
    shown = run("models")
    assert_readable(shown)
    assert "rule, not judged" in shown.stdout


def test_ui_prints_a_command_that_works_from_anywhere(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = run("ui", "--port", "5055").stdout.splitlines()
    uri = f"sqlite:///{shop / 'mlruns' / 'mlflow.db'}"
    assert lines[:2] == [
        f"export MLFLOW_TRACKING_URI={uri}",
        f"mlflow ui --backend-store-uri {uri} --port 5055",
    ]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://ann:secret@db/mlflow")
    assert "secret" not in run("ui").output + json.dumps(answer("ui"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert answer("ui")["url"] == "http://127.0.0.1:9"


def test_relocate_repairs_a_moved_store_and_can_be_run_again(kept: Path) -> None:
    (kept / "mlruns").rename(kept / "moved")
    told = answer("relocate", "moved")
    assert told["changed_paths"] == sum(told["changed"].values())
    assert answer("relocate", str(kept / "moved"))["changed_paths"] == 0
    assert answer("relocate", "nowhere", exit_code=5)["error_code"] == "STORE_UNREACHABLE"
