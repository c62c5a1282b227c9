"""Everybody gets one next action with a date and a reason, and nobody a price promotion without a sign of need."""

import datetime
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.actions.next_best import (
    NEXT_BEST,
    Action,
    ActionCut,
    ActionRule,
    ActionTable,
    BadActionTable,
    next_best,
)
from tiercast.serving.actions import COLUMNS, decide
from tiercast.serving.conditions import Condition
from tiercast.serving.refusals import MissingColumns
from tiercast.serving.scores import STAGES

CUTOFF = datetime.date(2026, 3, 2)
TRAINED = pd.DataFrame({"net_spend_currency": np.arange(100.0), "days_since_purchase": 5.0})
FROZEN = json.loads(json.dumps(NEXT_BEST.freeze(TRAINED), allow_nan=False))


def one(**facts: object) -> pd.Series:
    return decide(FROZEN, pd.DataFrame([{"cutoff": CUTOFF, "days_since_purchase": 5.0, **facts}])).iloc[0]


@pytest.mark.parametrize(
    ("facts", "action", "reason"),
    [
        ({"churn_probability": 0.9, "net_spend_currency": 90.0}, "win_back", "leaving_and_valuable"),
        ({"churn_probability": 0.9, "net_spend_currency": 9.0}, "check_in", "leaving"),
        ({"lifecycle_stage": "dormant", "net_spend_currency": 90.0}, "win_back", "dormant_and_valuable"),
        ({"lifecycle_stage": "dormant", "net_spend_currency": 9.0}, "wake_up", "dormant"),
        (
            {"lifecycle_stage": "new", "next_purchase_median_days": 30.0},
            "second_purchase",
            "first_purchase_made",
        ),
        ({"next_purchase_median_days": 7.0}, "remind", "due"),
        (
            {"next_purchase_median_days": 7.0, "discount_share": 0.4},
            "remind_with_offer",
            "due_and_deal_seeking",
        ),
        ({"next_purchase_median_days": 8.0, "discount_share": 0.4}, "none", "nothing_due"),
        ({"lifecycle_stage": "loyal"}, "thank", "loyal"),
        ({"lifecycle_stage": "advocate"}, "ask_referral", "advocate"),
        ({"lifecycle_stage": "prospect", "interest_touchpoints": 2.0}, "inform", "interested"),
        ({"lifecycle_stage": "prospect", "interest_touchpoints": 0.0}, "none", "nothing_due"),
        ({"lifecycle_stage": "lost"}, "none", "lost"),
        ({"satisfaction_share": 0.2, "next_purchase_median_days": 3.0}, "mend", "dissatisfied"),
        (
            {"contact_allowed": 0.0, "churn_probability": 0.9, "net_spend_currency": 90.0},
            "none",
            "no_consent",
        ),
        ({"contacts_sent_91d": 12.0, "next_purchase_median_days": 3.0}, "none", "contact_cap"),
        ({}, "none", "nothing_due"),
    ],
)
def test_each_rule_gives_its_action(facts: dict, action: str, reason: str) -> None:
    told = one(**facts)
    assert (told["next_action"], told["next_action_reason_code"]) == (action, reason)
    assert (told["next_action_on"] is None) == (action == "none")
    assert told["next_action_en"]
    assert told["next_action_zh"]
    assert told["next_action_reason_en"]
    assert told["next_action_reason_zh"]


@pytest.mark.parametrize(("median_days", "later_days"), [(1.0, 0), (2.0, 0), (3.0, 1), (7.0, 5), (7.4, 5)])
def test_a_reminder_comes_the_day_before_the_next_purchase_and_never_before_the_cutoff(
    median_days: float, later_days: int
) -> None:
    assert one(next_purchase_median_days=median_days)["next_action_on"] == CUTOFF + datetime.timedelta(
        days=later_days
    )


def test_a_second_purchase_without_a_date_is_invited_at_once() -> None:
    assert one(lifecycle_stage="new", next_purchase_median_days=np.nan)["next_action_on"] == CUTOFF


def test_consent_that_is_unknown_is_left_to_who_sends() -> None:
    assert one(contact_allowed=np.nan, next_purchase_median_days=3.0)["next_action"] == "remind"


number = st.one_of(st.floats(-10, 1000), st.just(float("nan")), st.just(float("inf")))


@settings(max_examples=40, deadline=None)
@given(number, number, number, number, number, st.sampled_from([*STAGES, None, "?"]))
def test_nobody_gets_a_price_promotion_without_a_sign_of_need(
    churn: float, spend: float, median_days: float, discount: float, interest: float, stage: str | None
) -> None:
    told = one(
        churn_probability=churn,
        net_spend_currency=spend,
        next_purchase_median_days=median_days,
        discount_share=discount,
        interest_touchpoints=interest,
        lifecycle_stage=stage,
    )
    gives_money = {each.code for each in NEXT_BEST.actions if each.price_promotion}
    assert told["next_action"] not in gives_money or median_days < 8


def test_nobody_is_valuable_when_all_are_equal_or_nobody_bought() -> None:
    for trained in (
        TRAINED.assign(net_spend_currency=7.0),
        TRAINED.iloc[:0],
        TRAINED.assign(net_spend_currency=np.nan),
    ):
        frozen = NEXT_BEST.freeze(trained)
        assert frozen["cuts"]["valuable"]["value"] is None
        seen = TRAINED.assign(cutoff=CUTOFF, churn_probability=0.9)
        assert set(decide(frozen, seen)["next_action"]) == {"check_in"}


def test_an_empty_frame_an_index_and_the_given_frame_are_kept() -> None:
    seen = TRAINED.assign(cutoff=CUTOFF, churn_probability=0.9).set_axis([f"c{each}" for each in range(100)])
    kept = seen.copy(deep=True)
    assert decide(FROZEN, seen).index.equals(seen.index)
    pd.testing.assert_frame_equal(seen, kept)
    assert tuple(decide(FROZEN, seen.iloc[:0]).columns) == COLUMNS


def test_without_a_cutoff_there_is_no_date_and_the_request_is_refused() -> None:
    with pytest.raises(MissingColumns, match="cutoff"):
        decide(FROZEN, TRAINED)


REST = NEXT_BEST.rules[-1]
OFFER = Action("offer", "offer", "优惠", price_promotion=True)
NONE = Action("none", "nothing", "无")


def ruled(action: str, *when: Condition, on: str = "now", name: str = "mine") -> ActionRule:
    return ActionRule(name, action, when, on, "because", "因为")


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ((ruled("offer", Condition("churn_probability", ">=", 0.5)), REST), "without a sign of need"),
        ((ruled("offer", Condition("next_purchase_median_days", ">=", 8)), REST), "without a sign of need"),
        ((ruled("gift"), REST), "gives gift, which is not an action"),
        ((ruled("none", on="later"), REST), "names the day later"),
        ((ruled("none", Condition("orders", ">=", cut="many")), REST), "which is not a cut of it"),
        ((ruled("none"), ruled("none"), REST), "two rules share a name"),
        ((ruled("none", on="never", name="end"), ruled("none")), "the last rule"),
        ((), "the last rule"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(rules: tuple[ActionRule, ...], sentence: str) -> None:
    with pytest.raises(BadActionTable, match=sentence):
        ActionTable("mine", "1", (OFFER, NONE), rules)


def test_an_offer_to_somebody_with_a_sign_of_need_is_accepted() -> None:
    due = ruled("offer", Condition("next_purchase_median_days", "<", 8))
    assert ActionTable("mine", "1", (OFFER, NONE), (due, REST)).rules[0] is due


def test_a_share_outside_0_to_100_percent_is_refused() -> None:
    with pytest.raises(BadActionTable, match="share between 0 and 1"):
        replace(NEXT_BEST, cuts=(ActionCut("valuable", "net_spend_currency", 1.5),))


def test_thresholds_are_parameters() -> None:
    frozen = next_best(due_within_days=14).freeze(TRAINED)
    seen = pd.DataFrame({"cutoff": [CUTOFF], "next_purchase_median_days": 14.0})
    assert decide(frozen, seen)["next_action"].tolist() == ["remind"]
