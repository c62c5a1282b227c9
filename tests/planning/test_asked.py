"""A plan is made from a published scorecard or from a source and a served version, and both agree on who and what."""

from pathlib import Path

import pandas as pd
import pytest

import tiercast
from tests.path.world import CUTOFF, World
from tiercast.actions.next_best import BadActionTable
from tiercast.errors import CardError, SourceError
from tiercast.planning import Asked, BadLimits, Limits, Plan
from tiercast.planning.published import read_scorecard
from tiercast.serving.refusals import MissingColumns

LIMITS = Limits(budget_currency=40.0, contacts=150, per_channel={"call_center": 5})


@pytest.fixture(scope="module")
def published(trained_world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("scorecards")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", trained_world.uri)
        tiercast.score(trained_world.source, cutoff=CUTOFF, out=out)
    return out


@pytest.fixture(scope="module")
def from_source(trained_world: World) -> tuple[Plan, Asked]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", trained_world.uri)
        return tiercast.plan(trained_world.source, cutoff=CUTOFF, limits=LIMITS)


def test_a_source_and_its_scorecard_agree_on_whom_and_what(
    published: Path, from_source: tuple[Plan, Asked]
) -> None:
    _, asked = from_source
    _, on_card = tiercast.plan(scorecard=published, limits=LIMITS)
    keys = ["customer_id", "channel", "next_action", "value_at_risk_currency", "cost_currency"]
    one, other = (
        each.options[keys].sort_values(["customer_id", "channel"], ignore_index=True)
        for each in (asked, on_card)
    )
    pd.testing.assert_frame_equal(one, other)


def test_with_a_source_each_contact_says_why_when_and_what(from_source: tuple[Plan, Asked]) -> None:
    plan, asked = from_source
    held = plan.contacts
    assert 0 < len(held) <= 150
    assert held["cost_currency"].sum() <= 40
    for name in ("next_action_en", "next_action_zh", "next_action_reason_en", "next_action_reason_zh", "playbook_zh",
                 "preferred_hour", "contact_on"):  # fmt: skip
        assert held[name].notna().all(), name
    assert (pd.to_datetime(held["contact_on"]) >= pd.Timestamp(CUTOFF)).all()
    assert set(asked.frame["due_category"].dropna()) <= {"bread", "tea", "soap", "toys", "wine"}
    assert not (held["tier"].isin(["small", "inactive"]) & (held["channel"] == "call_center")).any()
    assert "contact_allowed" in asked.unknown_inputs


def test_two_days_hold_the_contacts_of_the_cutoffs_day_and_the_next(published: Path) -> None:
    whole, _ = tiercast.plan(scorecard=published)
    few, _ = tiercast.plan(scorecard=published, days=2)
    days = pd.to_datetime(few.contacts["contact_on"])
    assert days.max() < pd.Timestamp(CUTOFF) + pd.Timedelta(days=2)
    assert 0 < len(few.contacts) < len(whole.contacts)
    with pytest.raises(BadLimits, match="from 1 to 3650"):
        tiercast.plan(scorecard=published, days=0)


def test_rules_of_your_own_decide_with_a_source_and_are_refused_without(
    world: World, published: Path, tmp_path: Path
) -> None:
    rules = tmp_path / "mine.toml"
    rules.write_text(
        '[[rules]]\nname = "all"\naction = "thank"\nwhen = ["orders >= 1", "tier == small", "no_such_input < 3"]\n'
        'on = "now"\nreason_en = "x"\nreason_zh = "x"\n'
        '[[rules]]\nname = "small"\naction = "inform"\nwhen = ["tier == small"]\non = "now"\nreason_en = "y"\nreason_zh = "y"\n'
    )
    _, asked = tiercast.plan(world.source, cutoff=CUTOFF, rules=rules, channels=["email"])
    small = asked.frame["tier"] == "small"
    assert set(asked.frame.loc[small, "next_action"]) == {"inform"}
    assert set(asked.frame.loc[~small, "next_action"].dropna()) == {"none"}
    assert asked.unknown_inputs == ("no_such_input",)
    with pytest.raises(BadActionTable, match="a published scorecard does not hold"):
        tiercast.plan(scorecard=published, rules=rules)


def test_assumptions_and_uplifts_of_your_own_change_the_gains(published: Path, tmp_path: Path) -> None:
    place = tmp_path / "assumed.toml"
    place.write_text("[assumptions.costs_currency]\nemail = 0.25\n")
    _, plain = tiercast.plan(scorecard=published, channels=["email"])
    _, dearer = tiercast.plan(scorecard=published, channels=["email"], rules=place)
    difference = plain.options["expected_gain_currency"] - dearer.options["expected_gain_currency"]
    assert difference.to_numpy() == pytest.approx(0.24)
    who = plain.options["customer_id"].iloc[0]
    measured = tmp_path / "uplift.csv"
    measured.write_text(f"customer_id,uplift_currency\n{who},7.5\n")
    _, asked = tiercast.plan(scorecard=published, channels=["email"], uplift=measured)
    told = asked.options.set_index("customer_id")
    assert told.loc[who, ["expected_gain_currency", "gain_basis"]].tolist() == [7.49, "uplift"]
    assert (told.drop(index=who)["gain_basis"] == "assumption").all()
    with pytest.raises(MissingColumns, match="uplift_currency"):
        tiercast.plan(scorecard=published, uplift=pd.DataFrame({"customer_id": ["a"]}))
    with pytest.raises(SourceError):
        tiercast.plan(scorecard=published, uplift=tmp_path / "nowhere.csv")


def test_a_scorecard_that_is_not_there_or_is_none_is_refused(published: Path, tmp_path: Path) -> None:
    assert len(read_scorecard(next(published.rglob("*.parquet")))) == len(
        read_scorecard(published, cutoff=CUTOFF)
    )
    with pytest.raises(SourceError, match="no scorecard is published there"):
        read_scorecard(tmp_path)
    other = tmp_path / "other.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(other)
    with pytest.raises(MissingColumns, match="this is no scorecard"):
        read_scorecard(other)
    other.write_text("no parquet")
    with pytest.raises(SourceError, match="not a readable parquet file"):
        read_scorecard(other)
    with pytest.raises(CardError, match="either a source or a scorecard"):
        tiercast.plan()


def test_a_served_version_tells_the_clocks_of_a_request_as_of_a_source(world: World) -> None:
    bundle = tiercast.load()
    some = world.touchpoints([f"c{place:04}" for place in range(40)])
    told = bundle.clocks(some, cutoff=CUTOFF)
    whole = tiercast.clocks(world.source, cutoff=CUTOFF)
    same = whole[whole["customer_id"].isin(set(told["customer_id"]))].reset_index(drop=True)
    pd.testing.assert_frame_equal(told, same)
