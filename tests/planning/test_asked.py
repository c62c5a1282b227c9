"""A plan is made from a published scorecard or from a source and a served version, and both agree on who and what."""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

import tiercast
from tests.path.world import CUTOFF, World
from tiercast.actions.assumptions import BadAssumption
from tiercast.actions.next_best import BadActionTable
from tiercast.actions.rules_file import DECIDED
from tiercast.errors import CardError, SourceError
from tiercast.planning import Asked, BadLimits, Limits, Plan
from tiercast.planning.published import read_scorecard
from tiercast.serving.refusals import MissingColumns
from tiercast.tiers.readable import readable_inputs

LIMITS = Limits(budget_currency=40.0, contacts=150, per_channel={"call_center": 5})


@pytest.fixture(scope="module")
def published(trained_world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("scorecards")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", trained_world.uri)
        tiercast.score(trained_world.source, cutoff=CUTOFF - timedelta(days=14), out=out)
        tiercast.score(trained_world.source, cutoff=CUTOFF, out=out)
    return out


@pytest.fixture(scope="module")
def from_source(trained_world: World, published: Path) -> tuple[Plan, Asked]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", trained_world.uri)
        return tiercast.plan(trained_world.source, cutoff=CUTOFF, limits=LIMITS, scorecards=published)


def test_a_source_and_its_scorecard_agree_on_whom_and_what_and_on_who_is_held_in_a_tier(
    world: World, published: Path, from_source: tuple[Plan, Asked]
) -> None:
    _, asked = from_source
    _, on_card = tiercast.plan(scorecard=published, limits=LIMITS)
    assert asked.tiers_since == CUTOFF - timedelta(days=14)
    assert (
        asked.frame["tier"].tolist()
        == on_card.frame["tier"].where(on_card.frame["tier"].notna(), None).tolist()
    )
    _, stateless = tiercast.plan(world.source, cutoff=CUTOFF)
    assert stateless.tiers_since is None
    assert (stateless.frame["tier"] != asked.frame["tier"]).any()  # somebody is held
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
    assert asked.unvalued > 0
    assert "NO_VALUE_KNOWN" in plan.notes
    assert asked.frame.loc[asked.frame["next_action"] == "inform", "expected_value_currency"].isna().any()
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
        '[[rules]]\nname = "all"\naction = "thank"\nwhen = ["orders >= 1", "tier == small", "points_balance < 3"]\n'
        'on = "now"\nreason_en = "x"\nreason_zh = "x"\n'
        '[[rules]]\nname = "small"\naction = "inform"\nwhen = ["tier == small"]\non = "now"\nreason_en = "y"\nreason_zh = "y"\n'
    )
    _, asked = tiercast.plan(world.source, cutoff=CUTOFF, rules=rules, channels=["email"])
    small = asked.frame["tier"] == "small"
    assert set(asked.frame.loc[small, "next_action"]) == {"inform"}
    assert set(asked.frame.loc[~small, "next_action"].dropna()) == {"none"}
    assert asked.unknown_inputs == ("points_balance",)
    rules.write_text(rules.read_text().replace("points_balance", "no_such_input"))
    with pytest.raises(BadActionTable, match="the rule all reads no_such_input, which is no feature"):
        tiercast.plan(world.source, cutoff=CUTOFF, rules=rules)
    rules.write_text(rules.read_text().replace("no_such_input < 3", "tier < 3"))
    with pytest.raises(BadActionTable, match="tier is a text: compare it with == word"):
        tiercast.plan(world.source, cutoff=CUTOFF, rules=rules)
    rules.write_text(rules.read_text().replace('"tier < 3"', '"orders < 3"'))
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
    assert asked.matched == (1, 1)
    with pytest.raises(BadLimits, match="1 where an uplift was measured"):
        tiercast.plan(scorecard=published, uplift=measured, limits=Limits(per_customer=2))
    assert told.loc[who, ["expected_gain_currency", "gain_basis"]].tolist() == [7.49, "uplift"]
    assert (told.drop(index=who)["gain_basis"] == "assumption").all()
    with pytest.raises(MissingColumns, match="uplift_currency"):
        tiercast.plan(scorecard=published, uplift=pd.DataFrame({"customer_id": ["a"]}))
    with pytest.raises(SourceError):
        tiercast.plan(scorecard=published, uplift=tmp_path / "nowhere.csv")


def test_a_tier_that_does_not_exist_closes_nothing_and_is_refused(published: Path, tmp_path: Path) -> None:
    place = tmp_path / "closed.toml"
    place.write_text('[assumptions.closed]\nlarge = ["email"]\n')
    _, asked = tiercast.plan(scorecard=published, rules=place)
    assert not ((asked.options["tier"] == "large") & (asked.options["channel"] == "email")).any()
    place.write_text('[assumptions.closed]\nlarg = ["email"]\n')
    with pytest.raises(BadAssumption, match=r"closed.larg: there is no such tier; there is: .*large"):
        tiercast.plan(scorecard=published, rules=place)


def test_a_limit_names_a_channel_that_was_asked_for_whether_or_not_anybody_needs_it(published: Path) -> None:
    few = Limits(contacts=3, per_channel={"call_center": 1, "sms": 0})
    plan, asked = tiercast.plan(scorecard=published, limits=few)
    assert asked.ways == ("app", "email", "sms", "direct_mail", "call_center")
    assert len(plan.contacts) == 3
    with pytest.raises(BadLimits, match="of one of app, email, sms, direct_mail, call_center, not pigeon"):
        tiercast.plan(scorecard=published, limits=Limits(per_channel={"pigeon": 1}))


def test_what_a_scorecard_says_itself_cannot_be_given_with_it(published: Path) -> None:
    file = next(published.glob(f"cutoff={CUTOFF}/*/scorecard.parquet"))
    assert tiercast.plan(scorecard=published, cutoff=CUTOFF)[1].cutoff == CUTOFF
    for idle in (
        {"cutoff": CUTOFF},
        {"model": "2"},
        {"policy": "ladder"},
        {"engine": "spark"},
        {"sides": {"a": "b"}},
    ):
        with pytest.raises(CardError, match=f"was given {next(iter(idle))} with a scorecard"):
            tiercast.plan(scorecard=file, **idle)  # type: ignore[arg-type]
    with pytest.raises(MissingColumns, match="a scorecard with version, which did not come"):
        tiercast.plan(scorecard=pd.read_parquet(file).drop(columns="version"))


def consents(*told: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame([{"customer_id": who, "occurred_at": pd.Timestamp("2024-12-20"), "kind": "consent_withdrawn",
                          "channel": channel, "purpose": None} for who, channel in told])  # fmt: skip


def test_a_word_about_one_channel_closes_it_whatever_is_asked_for_and_a_general_one_ends_every_action(
    world: World,
) -> None:
    people = [f"c{place:04}" for place in range(120)]
    rows = world.touchpoints(people)
    _, before = tiercast.plan(rows, cutoff=CUTOFF)
    due = before.options["customer_id"].drop_duplicates().tolist()
    stop, unfollow, left = due[:3]
    rows = pd.concat(
        [rows, consents((stop, "sms"), (unfollow, "wechat"), (left, "store"))], ignore_index=True
    )
    _, after = tiercast.plan(rows, cutoff=CUTOFF)
    _, by_email = tiercast.plan(rows, cutoff=CUTOFF, channels=["email"])

    def channels(asked: Asked, who: str) -> set[str]:
        return set(asked.options.loc[asked.options["customer_id"] == who, "channel"])

    assert channels(after, stop) == channels(before, stop) - {"sms"}
    assert channels(after, unfollow) == channels(before, unfollow)
    assert channels(by_email, stop) == channels(by_email, unfollow) == {"email"}
    assert channels(after, left) == channels(by_email, left) == set()
    told = after.frame.set_index("customer_id")
    assert told.loc[left, ["next_action", "next_action_reason_code"]].tolist() == [
        "none",
        "consent_withdrawn",
    ]
    assert told.loc[[stop, unfollow], "next_action"].ne("none").all()


def test_a_plan_and_a_request_ask_the_habits_of_the_version(
    world: World, from_source: tuple[Plan, Asked]
) -> None:
    _, asked = from_source
    bundle = tiercast.load()
    some = [f"c{place:04}" for place in range(40)]
    told = bundle.habits_of(world.touchpoints(some), cutoff=CUTOFF)
    assert asked.habits is not None
    of_plan = asked.frame.loc[asked.frame["customer_id"].isin(some), list(told)].reset_index(drop=True)
    pd.testing.assert_frame_equal(told, of_plan)
    assert len(set(told["preferred_weekday"])) > 1


def test_a_request_is_told_the_actions_and_reasons_of_the_plan(
    world: World, from_source: tuple[Plan, Asked]
) -> None:
    _, asked = from_source
    bundle = tiercast.load()
    some = [f"c{place:04}" for place in range(40)]
    told = bundle.next_actions(bundle.features(world.touchpoints(some), cutoff=CUTOFF))
    names = ["customer_id", "next_action", "next_action_on", "next_action_reason_en", "next_action_reason_zh"]
    assert set(asked.frame["next_action"]) > {"none"}
    of_plan = asked.frame.set_index("customer_id").loc[told["customer_id"]].reset_index()
    # the one cut, of the most valuable, is the version's own in both
    pd.testing.assert_frame_equal(told[names], of_plan[names])


def test_rules_may_read_whatever_a_version_says_of_a_customer(world: World) -> None:
    bundle = tiercast.load()
    features = bundle.features(world.touchpoints(["c0001"]), cutoff=CUTOFF)
    known = {*readable_inputs(), *DECIDED, *bundle.manifest["families"], "customer_id", "cutoff"}
    assert {name for name in bundle.enriched(features) if not name.endswith("_zh")} <= known


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
