"""The current episode of deciding: when it ends, how far it has come, and that nothing of it is known too early."""

import math
from typing import Any

import pytest

from tests.features.drawn import CATALOGUE, CUTOFF, moment, table, told
from tiercast.engines.duckdb import DuckDBEngine

DAY = 86_400
FAMILIES = ("engagement", "episode", "intent")
NAMES = [name for name, family in CATALOGUE.families.items() if family in FAMILIES]
Acts = list[tuple[str, float]]


def at_cutoff(engine: DuckDBEngine, acts: Acts, **more: Any) -> dict[str, float]:
    """Tell a history of (kind, days before the cutoff)."""
    rows = [
        {"customer_id": "a", "kind": kind, "channel": "web", "occurred_at": moment(round(-days * DAY))} | more
        for kind, days in acts
    ]
    found = told(engine, table(rows), cutoffs=(CUTOFF,), wanted=NAMES)
    assert len(found) == 1
    return {str(name): value for name, value in found.iloc[0].items()}


@pytest.mark.parametrize(
    ("acts", "stage", "since"),
    [
        ([("visit", 9), ("email_open", 3)], 1, 9),
        ([("visit", 9), ("search", 5), ("view", 2)], 2, 5),
        ([("search", 9), ("cart", 5), ("search", 1)], 3, 5),
        ([("search", 9), ("cart", 5), ("checkout", 4), ("visit", 1)], 4, 4),
        ([("search", 9), ("checkout", 5), ("purchase", 4), ("visit", 1)], 5, 4),
        ([("search", 9), ("purchase", 4), ("delivery", 3), ("search", 2), ("view", 1)], 2, 2),
        ([("delivery", 8), ("review", 3)], 5, 3),
        ([("delivery", 8), ("search", 3)], 2, 3),
        ([("consent_granted", 3), ("unheard_of", 1)], math.nan, math.nan),
    ],
)
def test_the_stage_is_how_far_they_have_come_since_they_bought(
    engine: DuckDBEngine, acts: Acts, stage: float, since: float
) -> None:
    found = at_cutoff(engine, acts)
    assert found["episode_stage_code"] == pytest.approx(stage, nan_ok=True)
    assert found["episode_stage_age_days"] == pytest.approx(since, nan_ok=True)


def test_thirty_days_of_silence_end_an_episode_and_twenty_nine_do_not(engine: DuckDBEngine) -> None:
    going_on = at_cutoff(engine, [("visit", 60), ("search", 31), ("cart", 2)])
    assert (going_on["episode_age_days"], going_on["episode_touchpoints"]) == (60, 3)
    begun_anew = at_cutoff(engine, [("visit", 61), ("search", 31), ("cart", 2)])
    assert (begun_anew["episode_age_days"], begun_anew["episode_touchpoints"]) == (31, 2)
    over = at_cutoff(engine, [("cart", 30)])
    assert math.isnan(over["episode_age_days"])
    assert math.isnan(over["episode_stage_code"])
    assert over["episode_touchpoints"] == 0


def test_what_is_sent_to_them_keeps_no_episode_open(engine: DuckDBEngine) -> None:
    found = at_cutoff(engine, [("search", 40), ("email_send", 20), ("mailing", 1)])
    assert found["episode_touchpoints"] == 0
    assert found["effort_91d_score"] == pytest.approx(100 / 21)


@pytest.mark.parametrize("kind", ["delivery", "delivery_failure", "follow_up", "complaint_resolved"])
def test_what_we_do_to_them_is_not_their_own_and_no_contact_either(engine: DuckDBEngine, kind: str) -> None:
    ours: Acts = [(kind, days) for days in range(2, 178, 15)]
    names = (*NAMES, "preferred_channel_code", "first_channel_code", "last_channel_code", "online_share", "touchpoints",
             "contacts_sent", "days_since_contact", "contacts_since_answer")  # fmt: skip
    rows = [
        {"customer_id": "a", "kind": each, "channel": channel, "occurred_at": moment(round(-days * DAY))}
        for channel, acts in (("store", [("purchase", 178), ("mailing", 100)]), ("web", ours))
        for each, days in acts
    ]
    found = told(engine, table(rows), cutoffs=(CUTOFF,), wanted=names).iloc[0]
    assert found["touchpoints"] == len(ours) + 2
    assert found[["episode_age_days", "episode_stage_code"]].isna().all()
    assert found[["own_days_91d", "episode_touchpoints"]].tolist() == [0, 0]
    store = CATALOGUE.seen.channels.index("store")
    told_channels = ["preferred_channel_code", "first_channel_code", "last_channel_code"]
    assert found[told_channels].tolist() == [store] * 3
    assert found["online_share"] == 0
    assert found[["contacts_sent", "days_since_contact", "contacts_since_answer"]].tolist() == [1, 100, 1]


def test_an_episode_is_followed_back_for_half_a_year(engine: DuckDBEngine) -> None:
    found = at_cutoff(engine, [("visit", days) for days in range(2, 400, 20)])
    assert found["episode_age_days"] == 182


def test_of_one_second_the_purchase_comes_after_the_checkout(engine: DuckDBEngine) -> None:
    found = at_cutoff(engine, [("checkout", 2), ("purchase", 2)])
    assert found["episode_stage_code"] == 5
    assert found["carts_since_purchase"] == 0


def test_a_touchpoint_known_after_the_cutoff_bridges_no_silence(engine: DuckDBEngine) -> None:
    rows = [
        {"customer_id": "a", "kind": "visit", "channel": "web", "occurred_at": moment(-days * DAY)}
        for days in (45, 10)
    ]
    bridge = rows[0] | {"occurred_at": moment(-25 * DAY), "known_at": moment(DAY)}
    for drawn in (rows, [*rows, bridge]):
        assert told(engine, table(drawn), cutoffs=(CUTOFF,), wanted=NAMES)["episode_age_days"].tolist() == [
            10
        ]
    seen = bridge | {"known_at": moment(-1)}
    assert told(engine, table([*rows, seen]), cutoffs=(CUTOFF,), wanted=NAMES)[
        "episode_age_days"
    ].tolist() == [45]


def test_many_lines_of_one_day_are_one_effort(engine: DuckDBEngine) -> None:
    lines = [("purchase", 2.5)] * 9 + [("purchase", 2.6)]
    assert at_cutoff(engine, lines)["effort_91d_score"] == pytest.approx(100 * 5 / 25)


def test_a_cart_is_open_until_something_is_bought(engine: DuckDBEngine) -> None:
    assert at_cutoff(engine, [("cart", 9), ("checkout", 8)])["carts_since_purchase"] == 2
    assert at_cutoff(engine, [("cart", 9), ("purchase", 8), ("cart", 7)])["carts_since_purchase"] == 1
