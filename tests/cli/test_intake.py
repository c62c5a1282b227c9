"""What the command line tells of a source: its rows, its features, where it may come from."""

from pathlib import Path

import pandas as pd
import pytest

from tests.cli.running import HISTORY, answer, assert_readable, run


def test_check_accounts_for_every_row(shop: Path) -> None:
    told = answer("check", "history.csv")
    account = told["account"]
    assert (
        account["rows_read"]
        == 10
        == sum(account[f"rows_{part}"] for part in ("accepted", "unresolved", "rejected"))
    )
    assert account["rejected"] == {"BAD_TIME": 1}
    assert account["unknown_channels"] == ["moonbase"]
    assert (account["exact_repeats"], account["ignored_columns"]) == (1, ["colour"])
    assert (told["usable"], told["refusal"], told["trainable_now"]) == (True, None, False)
    assert (told["trainable_from"], told["horizon_days"]) == ("2025-06-04", 14)
    assert told["answered_from"] == "2025-04-09"
    assert any(
        "the purchase process or a rule answers, not judged; from 2025-06-04" in note
        for note in told["notes"]
    )
    assert any(note.startswith("HORIZON_ASSUMED") for note in told["notes"])
    asked = answer("check", "history.csv", "--horizon-days", "28")
    assert (asked["trainable_from"], asked["horizon_days"]) == ("2025-07-16", 28)


def test_check_shows_the_account_to_people_within_80_columns(shop: Path) -> None:
    done = run("check", "csv:history.csv")
    assert done.exit_code == 0
    assert_readable(done)
    for expected in (
        "accepted",
        "80.0 %",
        "BAD_TIME",
        "moonbase (unknown)",
        "colour",
        "not yet",
        "2025-06-04",
    ):
        assert expected in done.stdout


@pytest.mark.parametrize("name", ["left/rejected.csv", "rejected.parquet"])
def test_check_writes_the_rows_that_were_not_accepted(name: str, shop: Path) -> None:
    told = answer("check", "history.csv", "--rejected", name)
    assert told["rejected_file"] == str(shop / name)
    read = pd.read_csv(shop / name) if name.endswith("csv") else pd.read_parquet(shop / name)
    assert sorted(read["verdict"]) == ["BAD_TIME", "NULL_CUSTOMER"]
    assert [path.name for path in (shop / name).parent.glob(".writing-*")] == []


def test_check_ends_with_3_after_its_report_when_a_job_would_refuse_the_source(shop: Path) -> None:
    (shop / "bad.csv").write_text(HISTORY + "d,never,visit,web,,\n" * 5, encoding="utf-8")
    told = answer("check", "bad.csv", exit_code=3)
    assert (told["account"]["rows_rejected"], told["usable"]) == (6, False)
    assert told["refusal"]["error_code"] == "TOO_MANY_REJECTED_ROWS"
    done = run("check", "bad.csv")
    assert "BAD_TIME" in done.stdout
    assert done.stderr.startswith("error TOO_MANY_REJECTED_ROWS: ")


def test_a_row_cannot_write_to_the_terminal(shop: Path) -> None:
    (shop / "sly.csv").write_text(HISTORY.replace("moonbase", "\x1b[31m[bold]moon"), encoding="utf-8")
    done = run("check", "sly.csv")
    assert "\x1b" not in done.output
    assert "[bold]moon" in done.stdout


def test_features_are_written_listed_and_shown_as_sql(shop: Path) -> None:
    told = answer("features", "history.csv", "--cutoff", "2025-02-01", "--out", "seen.parquet")
    seen = pd.read_parquet(shop / "seen.parquet")
    assert (told["customers"], told["features"]) == (2, list(seen.columns[2:]))
    assert seen["customer_id"].tolist() == ["a", "b"]
    listed = answer("features", "--list")["features"]
    assert len(listed) >= 60
    assert {"name", "unit", "meaning"} <= set(listed[0])
    text = run("features", "history.csv", "--cutoff", "2025-02-01", "--sql").stdout
    assert text.startswith("WITH\n")
    assert text.rstrip("\n") == answer("features", "history.csv", "--cutoff", "2025-02-01", "--sql")["sql"]


def test_sources_and_tier_policies_are_listed(shop: Path) -> None:
    assert {each["scheme"] for each in answer("sources")["sources"]} >= {"csv", "parquet", "complete_journey"}
    assert {"pyramid", "value_tiers"} < {each["policy"] for each in answer("tiers", "list")["policies"]}
    assert "顶级客户" in run("tiers", "show", "pyramid", "--language", "zh").stdout
    assert answer("tiers", "show", "pyramid")["classes"][0]["key"] == "top"
    for arguments in (["sources"], ["tiers", "list"], ["tiers", "show", "pyramid"], ["features", "--list"]):
        assert_readable(run(*arguments))
