"""What a contact would earn, through which open channel and when; consent and the playbook close channels."""

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from tiercast.actions.assumptions import Assumptions, BadAssumption
from tiercast.serving.contacts import COLUMNS, Effect, Terms, Way, withdrawn
from tiercast.serving.refusals import MissingColumns

MONDAY = date(2026, 3, 2)
TERMS = Terms(
    {
        "win_back": Effect(0.10, "value_at_risk"),
        "inform": Effect(0.02),
        "mend": Effect(0.1, "value_at_risk", "service"),
    },
    (Way("email", 0.5), Way("sms", 1.0, 2.0), Way("call_center", 6.0, 4.0)),
    {"small": ("call_center",)},
)


def people(**columns: object) -> pd.DataFrame:
    base = {"customer_id": ["a"], "cutoff": MONDAY, "next_action": "win_back", "next_action_on": MONDAY,
            "churn_probability": 0.5, "expected_value_currency": 200.0}  # fmt: skip
    return pd.DataFrame(base | columns)


def test_the_gain_is_effect_times_value_at_risk_less_the_cost() -> None:
    told = TERMS.options(people()).set_index("channel")
    assert told["value_at_risk_currency"].tolist() == [100.0] * 3
    assert told["expected_gain_currency"].to_dict() == {"call_center": 34.0, "sms": 19.0, "email": 9.5}
    assert told["rank"].to_dict() == {"call_center": 1, "sms": 2, "email": 3}
    assert set(told["gain_basis"]) == {"assumption"}


def test_actions_that_sell_count_the_whole_value() -> None:
    told = TERMS.options(people(next_action="inform")).set_index("channel")
    assert told["expected_gain_currency"]["email"] == pytest.approx(0.02 * 200 - 0.5)


def test_a_measured_uplift_replaces_the_assumption_and_may_say_do_not() -> None:
    told = TERMS.options(people(uplift_currency=-3.0))
    assert told["expected_gain_currency"].tolist() == [-3.5, -4.0, -9.0]
    assert set(told["gain_basis"]) == {"uplift"}
    assert told["effect_share"].isna().all()


def test_a_playbook_closes_channels_to_its_tier() -> None:
    assert set(TERMS.options(people(tier="small"))["channel"]) == {"email", "sms"}
    assert len(TERMS.options(people(tier="top"))) == 3


def test_a_channel_of_their_own_answers_better_within_bounds() -> None:
    told = TERMS.options(people(), fit=pd.DataFrame({"email": [9.0], "sms": [0.01]})).set_index("channel")
    assert told["effect_share"].to_dict() == pytest.approx({"email": 0.2, "sms": 0.1, "call_center": 0.4})


def test_no_effect_is_larger_than_all_of_the_value() -> None:
    wild = Terms({"win_back": Effect(0.9, "value_at_risk")}, (Way("email", 0.0, 50.0),))
    assert wild.options(people())["effect_share"].tolist() == [1.0]


@pytest.mark.parametrize("unknown", [{"churn_probability": np.nan}, {"expected_value_currency": np.nan},
                                     {"next_action": "none"}, {"next_action": None}, {"next_action": "dance"}])  # fmt: skip
def test_who_has_nothing_due_or_nothing_known_has_no_contact(unknown: dict[str, object]) -> None:
    told = TERMS.options(people(**unknown))
    assert told.empty
    assert tuple(told) == COLUMNS


def test_consent_by_purpose_and_channel_bars_what_it_says_and_nothing_else() -> None:
    both = people(customer_id=["a", "b"], next_action=["win_back", "mend"])
    barred = pd.DataFrame({"customer_id": ["a", "a", "b", "zz"], "purpose": ["marketing", "service", "marketing", ""],
                           "channel": ["sms", "email", "", ""]})  # fmt: skip
    told = TERMS.options(both, barred=barred)
    assert set(told.loc[told["customer_id"] == "a", "channel"]) == {"email", "call_center"}
    assert set(told.loc[told["customer_id"] == "b", "channel"]) == {"email", "sms", "call_center"}


def test_a_purpose_that_no_action_has_bars_every_action() -> None:
    both = people(customer_id=["a", "b"], next_action=["win_back", "mend"])
    barred = pd.DataFrame({"customer_id": ["a", "b"], "purpose": "newsletter", "channel": ["sms", ""]})
    told = TERMS.options(both, barred=barred)
    assert told[["customer_id", "channel"]].values.tolist() == [["a", "call_center"], ["a", "email"]]


def test_who_has_something_due_and_no_value_is_told_apart() -> None:
    frame = people(customer_id=list("abcde"), next_action=["inform", "inform", "none", "win_back", "inform"],
                   expected_value_currency=[np.nan, 5.0, np.nan, 5.0, np.nan], churn_probability=[0.5, np.nan, 0.5, np.nan, 0.5],
                   uplift_currency=[np.nan, np.nan, np.nan, np.nan, 1.0])  # fmt: skip
    assert TERMS.unvalued(frame).tolist() == [True, False, False, True, False]
    assert set(TERMS.options(frame)["customer_id"]) == {"b", "e"}


def words(*told: tuple[str, str, int, bool]) -> pd.DataFrame:
    return pd.DataFrame([("a", purpose, channel, 2 * second + gone) for purpose, channel, second, gone in told],
                        columns=["customer_id", "purpose", "channel", "word"])  # fmt: skip


@pytest.mark.parametrize(
    ("told", "barred"),
    [
        ([("", "email", 9, True)], [["", "email"]]),
        ([("", "store", 9, True)], [["", ""]]),
        ([("", "email", 9, True), ("", "email", 10, False)], []),
        ([("", "email", 9, True), ("", "store", 10, False)], []),
        ([("", "email", 10, True), ("", "store", 9, False)], [["", "email"]]),
        ([("", "email", 9, True), ("", "email", 9, False)], [["", "email"]]),
        ([("news", "web", 9, True), ("", "web", 10, False)], [["news", ""]]),
    ],
)
def test_the_newest_word_on_consent_counts(
    told: list[tuple[str, str, int, bool]], barred: list[list[str]]
) -> None:
    assert withdrawn(words(*told), ("email", "sms"))[["purpose", "channel"]].values.tolist() == barred


def test_a_stop_is_about_the_same_whichever_channels_are_used_today() -> None:
    able = Assumptions().costs_currency
    for channel in ("sms", "wechat", "email"):
        assert withdrawn(words(("", channel, 9, True)), able)["channel"].tolist() == [channel]


@pytest.mark.parametrize("weekday", range(7))
def test_an_undated_contact_waits_for_their_own_weekday_but_not_a_week(weekday: int) -> None:
    told = TERMS.options(people(preferred_weekday=str(weekday)))["contact_on"][0]
    assert (told.weekday(), MONDAY <= told < MONDAY + timedelta(days=7)) == (weekday, True)


def test_the_terms_come_back_from_json_and_no_ways_are_no_contacts() -> None:
    assert Terms.from_json(json.loads(json.dumps(TERMS.to_json(), allow_nan=False))) == TERMS
    assert Terms(TERMS.effects, ()).options(people()).empty
    with pytest.raises(MissingColumns, match="churn_probability"):
        TERMS.options(people().drop(columns="churn_probability"))


def test_costs_of_a_dictionary_come_before_assumed_ones_and_decide_the_channels() -> None:
    terms = Assumptions().terms({"email": 0.2, "pigeon": 3.0})
    assert [(way.channel, way.cost_currency, way.cost_basis) for way in terms.ways] == [
        ("email", 0.2, "dictionary"), ("pigeon", 3.0, "dictionary")]  # fmt: skip
    assert {way.cost_basis for way in Assumptions().terms().ways} == {"assumption"}
    with pytest.raises(BadAssumption, match="what a contact costs is not known"):
        Assumptions().terms(ways=("carrier",))


@pytest.mark.parametrize(
    "wrong",
    [{"effects": {"remind": 1.5}}, {"effects": {"remind": {"of": "mood"}}}, {"effects": {"remind": {"shar": 1}}},
     {"costs_currency": {"email": "cheap"}}, {"responses": {"email": float("nan")}}, {"effects": 3},
     {"effects": {"remind": {"purpose": 3}}}, {"effects": {"remind": {"of": 3}}}, {"closed": {"small": "call_center"}},
     {"closed": {"small": 5}}, {"closed": {"small": [5]}}, {"closed": {"small": ["call_centre"]}},
     {"responses": {"emial": 2.0}}],
)  # fmt: skip
def test_an_assumption_out_of_bounds_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadAssumption):
        Assumptions().changed(wrong)
