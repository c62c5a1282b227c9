"""Every feature of the catalogue agrees with a second telling of it in plain Python."""

from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from tests.features.drawn import CATALOGUE, CUTOFFS, SEEN, SLUGS, histories, moment, table, told
from tests.features.oracle import expected
from tests.world import CUSTOMERS, CUTOFF, touchpoints
from tiercast.engines.duckdb import DuckDBEngine

ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Chatham")
HISTORIES = 40


def assert_agrees(engine: DuckDBEngine, frame: pd.DataFrame, zone: str = "UTC") -> pd.DataFrame:
    found = told(engine, frame, zone=zone)
    wanted = expected(frame, CUTOFFS, seen=SEEN, slugs=SLUGS, zone=zone)
    assert set(found) - {"customer_id", "cutoff"} == set(CATALOGUE.names)
    assert set(CATALOGUE.names) == set(wanted) - {"customer_id", "cutoff"} or wanted.empty
    assert (
        found[["customer_id", "cutoff"]].values.tolist()
        == wanted.get(["customer_id", "cutoff"], wanted).values.tolist()
    )
    for name in CATALOGUE.names if len(wanted) else ():
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-9, atol=1e-7, err_msg=name)
    return found


@cache
def drawn_together() -> list[list[dict[str, Any]]]:
    """Return histories drawn at random, whose customers are told apart by the number of their history.

    A text costs a second however few its rows are, so all of them are told at once in each zone.
    """
    gathered: list[list[dict[str, Any]]] = []

    @settings(max_examples=HISTORIES, deadline=None, derandomize=True)
    @given(histories)
    def gather(drawn: list[dict[str, Any]]) -> None:
        gathered.append([row | {"customer_id": f"{row['customer_id']} {len(gathered)}"} for row in drawn])

    gather()
    return gathered


@pytest.mark.parametrize("zone", ZONES)
def test_the_six_customers_are_told_right_in_every_zone(engine: DuckDBEngine, zone: str) -> None:
    assert_agrees(engine, touchpoints(), zone)


@pytest.mark.parametrize("zone", ZONES)
def test_any_history_is_told_right(engine: DuckDBEngine, zone: str) -> None:
    gathered = drawn_together()
    assert len(gathered) == HISTORIES
    try:
        assert_agrees(engine, table([row for drawn in gathered for row in drawn]), zone)
    except AssertionError:
        for drawn in gathered:  # the one that is told wrong by itself is easier to read
            assert_agrees(engine, table(drawn), zone)
        raise


@pytest.mark.parametrize("shift", [-86_401, -86_400, -1, 0, 1])
def test_one_event_at_an_edge_of_the_cutoff(engine: DuckDBEngine, shift: int) -> None:
    row = {
        "customer_id": "a",
        "occurred_at": moment(shift),
        "kind": "purchase",
        "channel": "store",
        "amount": 1.0,
    }
    frame = table([row])
    found = assert_agrees(engine, frame)
    assert (found["cutoff"] == CUTOFF).sum() == (1 if shift < 0 else 0)


def test_the_world_in_numbers_worked_out_by_hand(engine: DuckDBEngine) -> None:
    found = told(engine, touchpoints(), cutoffs=(CUTOFF,)).set_index("customer_id")
    assert tuple(found.index) == CUSTOMERS
    by_hand: dict[str, dict[str, float]] = {
        "ann": {
            "orders": 5, "lines": 10, "order_days": 5, "days_since_purchase": 3, "customer_age_days": 59,
            "gap_mean_days": 14, "gap_sd_days": 0, "gap_last_days": 14, "spend_currency": 77.5, "spend_28d_currency": 31.0,
            "basket_mean_currency": 15.5, "basket_sd_currency": 0, "categories": 2, "category_top_share": 0.5,
            "store_top_share": 1, "morning_share": 1, "weekend_share": 0, "last_order_hour": 10, "touchpoints": 10,
            "episode_age_days": 59, "episode_stage_code": 5, "episode_stage_age_days": 3, "effort_91d_score": 100 * 25 / 45,
            "order_channel_switches": 0, "is_omnichannel": 0,
        },
        "ben": {"spend_currency": 100, "returned_currency": 40, "net_spend_currency": 60, "returns": 1, "evening_share": 1},
        "cai": {"orders": 0, "order_days": 0, "days_since_purchase": np.nan, "touchpoints": 4, "interest_touchpoints": 4,
                "days_since_touchpoint": 1, "preferred_channel_code": 1, "spend_currency": 0,
                "episode_age_days": 29, "episode_stage_code": 2, "episode_stage_age_days": 19, "episode_channels": 2,
                "visits_91d": 3, "days_since_intent": 19, "effort_91d_score": 20, "own_days_28d": 3, "has_feedback_data": 1},
        "dot": {"orders": 2, "lines": 3, "order_days": 1, "days_since_purchase": 1, "basket_lines_max": 2,
                "basket_mean_currency": 3.5, "gap_mean_days": np.nan},
        "eve": {"contacts_sent": 2, "days_since_contact": 27, "contacts_sent_28d": 2, "preferred_channel_code": np.nan,
                "mailing_contacts_91d": 1, "email_send_contacts_91d": 1, "orders": 0, "contacts_since_answer": 2,
                "has_voice": 0, "data_kinds_share": 0, "episode_age_days": np.nan, "contact_cost_currency": 0.09},
        "fay": {"orders": 4, "coupon_lines": 3, "coupons_redeemed": 1, "satisfaction_share": 0.2, "complaints_91d": 0,
                "discount_share": 0.2, "days_since_new_category": (CUTOFF - date(2023, 7, 1)).days, "orders_91d": 0,
                "gap_sd_days": np.std([28, 63, 28]), "orders_after_contact_days": -191, "contacts_since_answer": 0,
                "days_since_complaint": 241, "complaints_per_order": 0.25, "rating_mean_share": 0.2, "has_voice": 1,
                "order_channel_switches": 1, "order_channel_switches_share": 1 / 3, "order_online_share": 0.5,
                "is_omnichannel": 1, "data_kinds_share": 4 / 6, "first_channel_code": 0, "last_channel_code": 0},
    }  # fmt: skip
    for customer, numbers in by_hand.items():
        for name, number in numbers.items():
            assert found.loc[customer, name] == pytest.approx(number, nan_ok=True), (customer, name)


def test_the_frame_that_was_given_is_unchanged(engine: DuckDBEngine) -> None:
    frame = touchpoints()
    told(engine, frame)
    pd.testing.assert_frame_equal(frame, touchpoints())


def test_a_rating_without_a_number_is_unknown_and_not_the_worst(engine: DuckDBEngine) -> None:
    row = {
        "customer_id": "a",
        "occurred_at": moment(-9),
        "kind": "review",
        "channel": "web",
        "rating_scale": 5.0,
    }
    assert np.isnan(told(engine, table([row]))["satisfaction_share"].iloc[-1])


def test_lines_without_an_order_id_are_one_order_a_second_and_not_one_order_for_ever(
    engine: DuckDBEngine,
) -> None:
    row = {"customer_id": "a", "kind": "purchase", "channel": "web", "amount": 1.0}
    drawn = [row | {"occurred_at": moment(shift)} for shift in (-100, -100, -99, -200_000)]
    assert told(engine, table(drawn), cutoffs=(CUTOFF,))["orders"].tolist() == [3.0]
