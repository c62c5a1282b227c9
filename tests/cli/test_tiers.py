"""The commands about tiers: what they answer, what they refuse, and that people can read it."""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.running import answer, assert_readable, run
from tests.path.world import CUTOFF, World
from tests.tiers.test_files import CLUB
from tiercast.errors import UnknownCustomer
from tiercast.registry import open_store
from tiercast.sources.opening import open_source
from tiercast.tiering import customers_at, explain_customer
from tiercast.tiers.declared import declared_policies
from tiercast.tiers.history import Night

DAYS = [str(CUTOFF - timedelta(days=days)) for days in (31, 1)]


@pytest.fixture
def shop(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    some = [f"c{number:04}" for number in range(0, 700, 7)]
    world.touchpoints(some).to_parquet("rows.parquet", index=False)
    (tmp_path / "club.toml").write_text(CLUB, "utf-8")
    return tmp_path


@pytest.fixture
def scored(shop: Path) -> Path:
    for day in DAYS:
        told = answer("score", "-s", "parquet:rows.parquet", "-c", day, "-o", "scores")
    assert told["moves"]["since"] == DAYS[0]
    assert 0 < told["moves"]["moved"] + told["moves"]["held"] < 100
    return shop


WHO = ("-s", "parquet:rows.parquet", "-c", DAYS[1])


def test_every_policy_is_listed_and_shown_in_both_languages(shop: Path) -> None:
    listed = {each["policy"] for each in answer("tiers", "list")["policies"]}
    assert listed == set(declared_policies())
    for name in sorted(listed):
        for language in ("en", "zh"):
            assert_readable(run("tiers", "show", name, "--language", language))
    shown = answer("tiers", "show", "pyramid")
    assert shown["classes"][0]["playbook_zh"]["responsible"] == "专属客户经理"
    assert (shown["dwell_days"], shown["grace_days"], shown["band_share"]) == (30, 60, 0.1)


def test_a_file_of_ones_own_is_shown_and_a_mistake_in_it_is_refused_before_anything_is_read(
    shop: Path,
) -> None:
    assert [each["key"] for each in answer("tiers", "show", "club.toml")["classes"]] == [
        "gold",
        "silver",
        "guest",
        "other",
    ]
    Path("bad.toml").write_text(CLUB.replace("quota = 0.15", "quota = 0.99"), "utf-8")
    for command in (("show", "bad.toml"), ("simulate", "bad.toml", "-s", "parquet:not_there.parquet")):
        told = answer("tiers", *command, exit_code=2)
        assert told["error_code"] == "BAD_POLICY"
        assert "the class silver takes the quotas to 104%" in told["message"]


def test_another_share_and_another_policy_are_tried_on_everybody(shop: Path) -> None:
    told = answer("tiers", "simulate", *WHO, "--share", "top=0.04")
    assert (told["from"], told["to"], told["customers"]) == ("pyramid", "pyramid", 100)
    assert told["moved"] == sum(
        count for before, row in told["counts"].items() for after, count in row.items() if before != after
    )
    assert sum(count for row in told["counts"].values() for count in row.values()) == 100
    own = answer("tiers", "simulate", "club.toml", *WHO)
    assert (own["to"], own["moved"]) == ("kiosk_club", None)
    assert_readable(run("tiers", "simulate", "value_tiers", *WHO))


@pytest.mark.parametrize("given", ["top", "top=", "top=much"])
def test_a_share_that_cannot_be_read_is_a_mistake_of_usage(shop: Path, given: str) -> None:
    assert answer("tiers", "simulate", *WHO, "--share", given, exit_code=2)["error_code"] == "USAGE"


def test_a_cut_a_policy_and_a_customer_that_do_not_exist_are_told(shop: Path) -> None:
    assert answer("tiers", "simulate", *WHO, "--share", "best=0.1", exit_code=2)["error_code"] == "BAD_POLICY"
    assert answer("tiers", "simulate", "pyramids", *WHO, exit_code=2)["error_code"] == "UNKNOWN_NAME"
    assert answer("tiers", "simulate", *WHO, "--from", "ours", exit_code=3)["error_code"] == "UNKNOWN_CHOICE"
    assert answer("tiers", "explain", "nobody", *WHO, exit_code=3)["error_code"] == "UNKNOWN_CUSTOMER"
    assert answer("tiers", "simulate", exit_code=2)["error_code"] == "USAGE"


def test_a_tier_is_explained_from_what_the_nights_remember(scored: Path) -> None:
    rows = pd.read_feather(
        next(scored.glob(f"scores/cutoff={DAYS[1]}/*/tier_history.pyramid.arrow"))
    ).set_index("customer_id")
    asked = rows.index[rows["reason_code"] == "HELD_BY_DWELL"].append(rows.index)[0]
    told = answer("tiers", "explain", asked, *WHO, "--scorecards", "scores")
    assert (told["tier"], told["reason"]) == (rows.loc[asked, "tier"], rows.loc[asked, "reason"])
    assert told["since_on"] == str(rows.loc[asked, "since_on"])[:10]
    assert told["ways"]
    assert answer("tiers", "explain", asked, *WHO)["basis"] == "stateless"
    assert_readable(run("tiers", "explain", asked, *WHO, "--scorecards", "scores", "--language", "zh"))


def test_concentration_is_told_of_a_source_and_of_a_scorecard(scored: Path) -> None:
    told = answer("tiers", "concentration", *WHO)
    assert {each["tier"]: each["quota"] for each in told["quotas"]} == {
        "leader": 0.15, "intent": 0.35, "nurture": 0.5, "other": None,
    }  # fmt: skip
    assert 0 < told["concentration"]["net_spend_currency"]["gini"] < 1
    card = str(next(scored.glob(f"scores/cutoff={DAYS[1]}/*/scorecard.parquet")))
    of_card = answer("tiers", "concentration", card)
    assert (
        of_card["concentration"]["expected_value_currency"]
        == told["concentration"]["expected_value_currency"]
    )
    assert (of_card["policy"], of_card["quotas"][0]["quota"]) == ("pyramid", 0.01)
    assert_readable(run("tiers", "concentration", card))
    assert_readable(run("tiers", "concentration", *WHO))
    assert answer("tiers", "concentration", exit_code=2)["error_code"] == "USAGE"
    assert answer("tiers", "concentration", "rows.parquet", exit_code=3)["error_code"] == "MISSING_COLUMN"
    newest = answer("tiers", "concentration", "scores")
    assert (newest["cutoff"], newest["concentration"]) == (of_card["cutoff"], of_card["concentration"])
    assert answer("tiers", "concentration", "elsewhere", exit_code=3)["error_code"] == "UNREADABLE_SOURCE"


def test_the_next_month_is_forecast_from_two_nights_and_refused_from_none(scored: Path) -> None:
    told = answer("tiers", "forecast", "scores")
    assert [each["tier"] for each in told["expected"]][:2] == ["top", "large"][: len(told["expected"])]
    assert sum(each["customers_then"] for each in told["expected"]) == pytest.approx(100)
    assert_readable(run("tiers", "forecast", "scores"))
    assert answer("tiers", "forecast", "elsewhere", exit_code=4)["error_code"] == "NO_TIER_HISTORY"


def test_the_history_is_shown_by_night_and_by_customer_and_written_as_one_table(scored: Path) -> None:
    told = answer("tiers", "history", "scores", "--out", "all.parquet")
    assert [night["cutoff"] for night in told["nights"]] == DAYS
    assert len(pd.read_parquet("all.parquet")) == 200
    one = answer("tiers", "history", "scores", "--customer", "c0007")
    assert [row["customer_id"] for row in one["customer"]] == ["c0007"] * 2
    assert_readable(run("tiers", "history", "scores", "--customer", "c0007"))
    assert_readable(run("tiers", "history", "scores"))
    nobody = answer("tiers", "history", "scores", "--customer", "nobody", exit_code=3)
    assert nobody["error_code"] == "UNKNOWN_CUSTOMER"
    assert "100 other customers have" in nobody["message"]


def test_moves_are_counted_without_reading_who_moved(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = answer("tiers", "history", "scores", "--out", "all.parquet")["nights"]
    read, asked = Night.read, []

    def noted(night: Night, columns: list[str] | None = None) -> pd.DataFrame:
        asked.append(columns)
        return read(night, columns)

    monkeypatch.setattr(Night, "read", noted)
    assert answer("tiers", "history", "scores")["nights"] == whole
    assert asked == [["reason_code"]] * 2


def test_one_customers_tier_is_explained_without_predicting_anybody_else(
    scored: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = open_source(world.touchpoints(["c0000", "c0007", "c0014"]))
    store = open_store(None)
    everybody = customers_at(history, cutoff=CUTOFF, store=store)
    alone = customers_at(history, cutoff=CUTOFF, store=store, only="c0007")
    assert (len(everybody.frame), len(alone.frame)) == (3, 1)
    assert explain_customer(alone, "c0007") == explain_customer(everybody, "c0007")
    with pytest.raises(UnknownCustomer, match="3 other customers have"):
        customers_at(history, cutoff=CUTOFF, store=store, only="nobody")
    assert answer("tiers", "history", "elsewhere", exit_code=4)["error_code"] == "NO_TIER_HISTORY"
