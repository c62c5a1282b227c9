"""Complaint cases, consent, points, answers and channels: what is open, what was last said, and what came of it."""

import math
from typing import Any

import pytest

from tests.features.drawn import CATALOGUE, CUTOFF, moment, table, told
from tiercast.engines.duckdb import DuckDBEngine

DAY = 86_400
FAMILIES = (
    "after_sales",
    "campaign",
    "channel",
    "completeness",
    "relationship",
    "response",
    "value",
    "voice",
)
NAMES = [name for name, family in CATALOGUE.families.items() if family in FAMILIES]


def row(kind: str, days: float, **more: Any) -> dict[str, Any]:
    """Return a touchpoint so many days before the cutoff; ``known`` is told in days before it too."""
    known = more.pop("known", None)
    at = {
        "occurred_at": moment(round(-days * DAY)),
        "known_at": None if known is None else moment(-known * DAY),
    }
    return {"customer_id": "a", "kind": kind, "channel": "web"} | at | more


def tell(engine: DuckDBEngine, *rows: dict[str, Any]) -> dict[str, float]:
    found = told(engine, table(list(rows)), cutoffs=(CUTOFF,), wanted=NAMES)
    return {str(name): value for name, value in found.iloc[0].items()}


def test_a_complaint_is_open_until_its_resolution_is_known(engine: DuckDBEngine) -> None:
    complaint, other = row("complaint", 20, case_id="k1"), row("complaint", 9, case_id="k2")
    resolved = row("complaint_resolved", 15, case_id="k1")
    found = tell(engine, complaint, other, resolved)
    assert (found["complaints_open"], found["complaint_open_days"]) == (1, 9)
    assert (found["complaint_resolution_mean_days"], found["complaints_resolved_share"]) == (5, 0.5)
    found = tell(engine, complaint, other, resolved | {"known_at": moment(1)})
    assert (found["complaints_open"], found["complaint_open_days"]) == (2, 20)
    assert math.isnan(found["complaint_resolution_last_days"])


def test_a_case_is_timed_by_what_was_known_first(engine: DuckDBEngine) -> None:
    rows = [row("complaint", 20, case_id="k1"), row("complaint_resolved", 15, case_id="k1")]
    earlier = row("complaint", 40, known=3, case_id="k1")
    later = row("complaint_resolved", 2, case_id="k1")
    found = tell(engine, *rows, earlier, later)
    assert found["complaint_resolution_last_days"] == 5
    assert found["complaints"] == 2


def test_a_resolution_before_its_complaint_closes_it_and_takes_no_time(engine: DuckDBEngine) -> None:
    found = tell(engine, row("complaint", 5, case_id="k1"), row("complaint_resolved", 9, case_id="k1"))
    assert (found["complaints_open"], found["complaints_resolved_share"]) == (0, 1)
    assert math.isnan(found["complaint_resolution_mean_days"])


def test_a_complaint_without_a_case_is_counted_and_never_open(engine: DuckDBEngine) -> None:
    found = tell(engine, row("complaint", 5))
    assert (found["complaints"], found["complaints_open"]) == (1, 0)


def test_the_newest_word_on_consent_holds_for_its_own_purpose(engine: DuckDBEngine) -> None:
    granted = row("consent_granted", 9, purpose="marketing")
    other = row("consent_withdrawn", 3, purpose="to'; --")
    found = tell(engine, granted, other)
    assert (found["consent_c0_marketing"], found["consent_c1_to"], found["consent_last_given"]) == (1, 0, 0)
    withdrawn = tell(engine, granted, row("consent_withdrawn", 9, purpose="marketing"))
    assert withdrawn["consent_c0_marketing"] == 0
    late = tell(engine, granted, row("consent_withdrawn", 3, known=-1, purpose="marketing"))
    assert late["consent_c0_marketing"] == 1
    assert math.isnan(tell(engine, row("visit", 1))["consent_c0_marketing"])


def test_points_are_spent_by_redemptions_whatever_their_sign(engine: DuckDBEngine) -> None:
    found = tell(
        engine,
        row("purchase", 9, points=120.5),
        row("review", 8, points=-20.0),
        row("points_redemption", 7, points=30.0),
        row("points_redemption", 6, points=-10.0),
    )
    assert (found["points_earned"], found["points_redeemed"], found["points_balance"]) == (100.5, 40, 60.5)


def test_what_referred_customers_bought_is_what_their_referrals_say_when_it_is_known(
    engine: DuckDBEngine,
) -> None:
    rows = [row("referral", 9, amount=120.5), row("referral", 5), row("referral", 8, known=-3, amount=900.0)]
    found = tell(engine, *rows, row("purchase", 4, amount=7.0))
    assert (found["referrals"], found["referral_amount_currency"], found["spend_currency"]) == (2, 120.5, 7.0)


def test_who_was_referred_twice_is_one_customer(engine: DuckDBEngine) -> None:
    found = tell(engine, *(row("referral", day, referred_customer_id=who) for day, who in ((9, "x"), (5, "x"), (3, "y"))),
                 row("referral", 1))  # fmt: skip
    assert (found["referrals"], found["referred_customers"]) == (4, 2)


def test_enrolment_is_what_was_first_known_of_it(engine: DuckDBEngine) -> None:
    found = tell(engine, row("enrol", 20, channel="store"), row("enrol", 50, known=3, channel="email"))
    assert (found["days_since_enrolment"], found["enrolment_channel_code"]) == (20, 0)
    assert math.isnan(tell(engine, row("enrol", 20, channel="elsewhere"))["enrolment_channel_code"])


def test_who_has_said_nothing_is_not_middling(engine: DuckDBEngine) -> None:
    silent = tell(engine, row("visit", 3))
    assert (silent["has_voice"], silent["ratings"]) == (0, 0)
    assert all(
        math.isnan(silent[name])
        for name in ("satisfaction_share", "rating_mean_share", "nps_code", "csat_share")
    )


@pytest.mark.parametrize(("rating", "code"), [(10, 1), (9, 1), (8, 0), (7, 0), (6, -1), (0, -1)])
def test_promoters_answer_nine_or_ten(engine: DuckDBEngine, rating: float, code: float) -> None:
    survey = row("survey", 3, survey_type="NPS", rating=rating, rating_scale=10.0)
    older = row("survey", 9, survey_type="nps", rating=5.0, rating_scale=10.0)
    found = tell(engine, survey, older, row("survey", 1, survey_type="csat", rating=2.0, rating_scale=5.0))
    assert (found["nps_code"], found["csat_share"], found["satisfaction_share"]) == (code, 0.4, 0.4)


def test_contacts_are_unanswered_since_the_last_answer(engine: DuckDBEngine) -> None:
    sent = [row("email_send", day) for day in (30, 20, 10)]
    assert tell(engine, *sent)["contacts_since_answer"] == 3
    assert tell(engine, *sent, row("email_open", 15))["contacts_since_answer"] == 1
    assert tell(engine, *sent, row("purchase", 15, known=-1))["contacts_since_answer"] == 3
    assert tell(engine, *sent, row("visit", 15))["contacts_since_answer"] == 3


def test_opens_are_rated_only_where_something_was_sent(engine: DuckDBEngine) -> None:
    found = tell(engine, row("email_open", 5))
    assert math.isnan(found["opens_per_email"])
    tired = tell(
        engine, row("email_send", 100), row("email_open", 99), row("email_send", 50), row("email_send", 40)
    )
    assert (tired["opens_per_email_91d"], tired["opens_per_email_difference"]) == (0, -1)


def test_an_order_known_late_changes_no_switch_before_it_is_known(engine: DuckDBEngine) -> None:
    orders = [
        row("purchase", 30, channel="store", order_id="1"),
        row("purchase", 10, channel="store", order_id="2"),
    ]
    between = row("purchase", 20, channel="web", order_id="3", known=-1)
    found = tell(engine, *orders, between)
    assert (found["order_channel_switches"], found["order_channel_switches_share"]) == (0, 0)
    found = tell(engine, *orders, between | {"known_at": moment(-DAY)})
    assert (found["order_channel_switches"], found["order_channel_switches_share"]) == (2, 1)
    assert (found["is_omnichannel"], found["order_online_share"]) == (1, pytest.approx(1 / 3))


def test_a_contact_costs_what_its_channel_cost_when_it_was_sent(engine: DuckDBEngine) -> None:
    cheap, dear = row("email_send", 91, channel="email"), row("email_send", 3, channel="email")
    found = tell(engine, cheap, dear)
    assert found["contact_cost_currency"] == pytest.approx(0.05 + 0.09)
    assert math.isnan(tell(engine, row("mailing", 3, channel="tv"))["contact_cost_currency"])
    assert tell(engine, row("visit", 3))["contact_cost_currency"] == 0


def test_which_data_there_are_is_told_and_not_filled_in(engine: DuckDBEngine) -> None:
    found = tell(
        engine, row("purchase", 9, category="milk"), row("enrol", 8), row("payment", 8), row("complaint", 1)
    )
    told_of = ("user", "relationship", "attitude", "feedback", "product_use", "credit")
    assert [found[f"has_{name}_data"] for name in told_of] == [1, 0, 0, 1, 1, 1]
    assert found["data_kinds_share"] == pytest.approx(4 / 6)
    assert tell(engine, row("purchase", 9))["has_product_use_data"] == 0
