"""A hundred thousand events of one customer, told right by sums that are known without counting."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from tests.features.drawn import CATALOGUE
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.panels import features_at
from tiercast.schema import History

DAYS, PER_DAY = 2_000, 50
EVENTS = DAYS * PER_DAY
START = np.datetime64("2019-01-01T06:00:00", "s")
CUTOFF = date(2019, 1, 1) + timedelta(days=DAYS)


def diary() -> pd.DataFrame:
    """Return 50 events on each of 2,000 days, a minute apart: an order of two lines, a visit, a mail, and so on again.

    Line i costs i cents. Of four events, two are lines of one order, one is a visit and one an email that was sent.
    """
    event = np.arange(EVENTS)
    turn = event % 4
    at = (
        START + (event // PER_DAY) * np.timedelta64(86_400, "s") + (event % PER_DAY) * np.timedelta64(60, "s")
    )
    return pd.DataFrame(
        {
            "customer_id": "one",
            "occurred_at": at,
            "kind": np.array(["purchase", "purchase", "visit", "email_send"])[turn],
            "channel": np.array(["store", "store", "web", "email"])[turn],
            "order_id": np.where(turn < 2, (event // 4).astype(str), None),
            "amount": np.where(turn < 2, event / 100, np.nan),
            "category": np.where(turn < 2, np.where(event // 4 % 5 == 0, "bread", "milk"), None),
        }
    )


def test_a_hundred_thousand_events_of_one_customer_add_up(engine: DuckDBEngine) -> None:
    orders = EVENTS // 4
    basket = 8 * np.arange(orders) + 1  # cents: lines 4 k and 4 k + 1
    spent = 4 * orders * (orders - 1) + orders
    on = (4 * np.arange(orders)) // PER_DAY  # the day of each order
    last_quarter = on >= DAYS - 91
    wanted = {
        "touchpoints": EVENTS,
        "touchpoints_28d": 28 * PER_DAY,
        "days_since_touchpoint": 1,
        "days_since_first_touchpoint": DAYS,
        "orders": orders,
        "lines": 2 * orders,
        "basket_lines_max": 2,
        "order_days": DAYS,
        "order_days_91d": 91,
        "days_since_purchase": 1,
        "customer_age_days": DAYS,
        "purchase_span_days": DAYS - 1,
        "gap_mean_days": 1,
        "gap_sd_days": 0,
        "gap_median_days": 1,
        "gap_max_days": 1,
        "spend_currency": spent / 100,
        "spend_91d_currency": basket[last_quarter].sum() / 100,
        "basket_mean_currency": spent / orders / 100,
        "basket_sd_currency": 8 * np.sqrt((orders**2 - 1) / 12) / 100,  # of an arithmetic progression
        "basket_max_currency": (8 * orders - 7) / 100,
        "basket_last_currency": (8 * orders - 7) / 100,
        "basket_first_currency": 0.01,
        "contacts_sent": orders,
        "days_since_contact": 1,
        "visits_91d": (np.arange(EVENTS)[(DAYS - 91) * PER_DAY :] % 4 == 2).sum(),
        "categories": 2,
        "category_top_share": 0.8,
        "category_concentration_share": 0.8**2 + 0.2**2,
        "order_channel_switches": 0,
        "preferred_channel_code": CATALOGUE.seen.channels.index("store"),
        "own_days_91d": 91,
        "episode_age_days": 182,
        "episode_touchpoints": (np.arange(EVENTS)[(DAYS - 182) * PER_DAY :] % 4 != 3).sum(),
        "contacts_since_answer": 1,
        "returned_currency": 0,
    }
    history = History("diary", frame=diary())
    engine.attach(history)
    found = features_at(engine, history, CATALOGUE, [CUTOFF], wanted=list(wanted))
    assert len(found) == 1
    for name, number in wanted.items():
        assert found[name].iloc[0] == pytest.approx(number, rel=1e-12), name


def test_what_is_known_at_a_cutoff_in_between_does_not_depend_on_what_follows(engine: DuckDBEngine) -> None:
    half = CUTOFF - timedelta(days=DAYS // 2)
    names = [
        "touchpoints",
        "orders",
        "spend_currency",
        "order_days",
        "basket_sd_currency",
        "preferred_channel_code",
    ]
    told = []
    for rows in (diary(), diary().head(EVENTS // 2)):
        history = History("diary", frame=rows)
        engine.attach(history)
        told.append(features_at(engine, history, CATALOGUE, [half], wanted=names))
    pd.testing.assert_frame_equal(told[0], told[1])
    assert told[0]["touchpoints"].tolist() == [EVENTS // 2]
