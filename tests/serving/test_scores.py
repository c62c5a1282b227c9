"""Scores keep their frozen meaning, fall back as documented, and treat every customer alone."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.serving.scores import (
    STAGES,
    ChurnBands,
    Engagement,
    Rfmcl,
    Stages,
    fit_rfmcl,
    preferred_channel,
)

SEEN = pd.DataFrame(
    {
        "days_since_purchase": np.arange(1.0, 101.0),
        "orders": np.arange(100.0, 0.0, -1.0),
        "net_spend_currency": np.arange(1000.0, 0.0, -10.0),
        "categories": 3.0,
        "customer_age_days": np.arange(1.0, 101.0),
    }
)


def test_rfmcl_runs_from_one_to_five_in_equal_fifths() -> None:
    given = fit_rfmcl(SEEN).assign(SEEN)
    assert given["rfmcl"].iloc[[0, -1]].tolist() == ["5-5-5-3-1", "1-1-1-3-5"]
    letters = given["rfmcl"].str.split("-", expand=True)
    assert letters[0].value_counts().tolist() == [20] * 5


def test_equal_values_score_three_and_unknown_ones_a_question_mark() -> None:
    part = fit_rfmcl(SEEN.assign(orders=1.0))
    assert part.assign(SEEN.assign(net_spend_currency=np.nan))["rfmcl"].iloc[0] == "5-3-?-3-1"


@pytest.mark.parametrize("seen", [SEEN.iloc[:0], SEEN.iloc[:1], SEEN[["days_since_purchase"]], SEEN * np.nan])
def test_degenerate_customers_are_scored_and_never_crash(seen: pd.DataFrame) -> None:
    part = fit_rfmcl(seen)
    given = Rfmcl.from_json(json.loads(json.dumps(part.to_json(), allow_nan=False))).assign(seen)
    assert given["rfmcl"].isna().tolist() == seen["days_since_purchase"].isna().tolist()


def test_weights_change_the_score_and_not_the_letters() -> None:
    part = fit_rfmcl(SEEN, weights={"R": 1.0})
    assert part.assign(SEEN).iloc[0].tolist() == ["5-5-5-3-1", 5.0]


def test_every_part_survives_json() -> None:
    for part in (Engagement(half_days=9.0), Stages(lost_gaps=9.0), ChurnBands(0.1, 0.2)):
        stored = json.loads(json.dumps(part.to_json(), allow_nan=False))
        assert type(part).from_json(stored) == part


def test_more_activity_is_more_engagement_and_unknown_satisfaction_does_not_pull_it_down() -> None:
    seen = pd.DataFrame(
        {"days_since_purchase": [9.0, 9.0, 9.0], "orders_91d": [1.0, 5.0, 5.0], "categories": 4.0}
    )
    scored = Engagement().assign(seen.assign(satisfaction_share=[np.nan, np.nan, 0.0]))["engagement"]
    assert scored[0] < scored[1]
    assert scored[2] < scored[1]


def test_what_was_sent_to_a_customer_is_not_engagement() -> None:
    seen = pd.DataFrame({"days_since_purchase": [np.nan], "touchpoints": 500.0, "contacts_sent_91d": 500.0})
    assert Engagement().assign(seen)["engagement"].tolist() == [0.0]


anything = st.one_of(st.floats(0, 5000), st.just(float("nan")), st.just(float("inf")))


@settings(max_examples=40, deadline=None)
@given(anything, anything, anything, st.one_of(st.floats(0, 1), st.just(float("nan"))))
def test_engagement_lies_between_0_and_100_and_everybody_has_a_stage(
    silence: float, orders: float, gap: float, satisfaction: float
) -> None:
    seen = pd.DataFrame(
        {
            "days_since_purchase": [silence],
            "orders_91d": orders,
            "order_days": orders,
            "gap_mean_days": gap,
            "gap_last_days": gap,
            "customer_age_days": silence,
            "satisfaction_share": satisfaction,
        }
    )
    assert 0 <= Engagement().assign(seen)["engagement"].iloc[0] <= 100
    assert Stages().assign(seen).iloc[0] in STAGES


@pytest.mark.parametrize(
    ("stage", "silence", "days", "gap", "last", "age", "satisfaction"),
    [
        ("prospect", np.nan, 0, np.nan, np.nan, np.nan, np.nan),
        ("new", 20, 1, np.nan, np.nan, 20, np.nan),
        ("dormant", 90, 1, np.nan, np.nan, 90, np.nan),
        ("lost", 730, 1, np.nan, np.nan, 730, np.nan),
        ("repeat", 20, 2, 10, 10, 30, np.nan),
        ("loyal", 8, 30, 10, 9, 300, 0.5),
        ("advocate", 8, 30, 10, 9, 300, 1.0),
        ("dormant", 31, 30, 10, 9, 300, 1.0),
        ("lost", 180, 30, 10, 9, 400, 1.0),
        ("reactivated", 5, 10, 20, 100, 185, np.nan),
        ("reactivated", 5, 2, 120, 120, 125, np.nan),
        ("repeat", 5, 4, 120, 110, 365, np.nan),
    ],
)
def test_each_stage_has_its_rule(
    stage: str, silence: float, days: float, gap: float, last: float, age: float, satisfaction: float
) -> None:
    seen = pd.DataFrame(
        {
            "days_since_purchase": [silence],
            "order_days": float(days),
            "gap_mean_days": gap,
            "gap_last_days": last,
            "customer_age_days": age,
            "satisfaction_share": satisfaction,
        }
    )
    assert Stages().assign(seen).tolist() == [stage]


def test_a_band_includes_its_lower_bound_and_unknown_has_no_band() -> None:
    seen = pd.Series([0.0, 0.2999, 0.3, 0.5999, 0.6, 1.0, np.nan], index=list("abcdefg"))
    given = ChurnBands().assign(seen)
    assert given.tolist() == ["low", "low", "medium", "medium", "high", "high", None]
    assert given.index.tolist() == list("abcdefg")


def test_a_channel_outside_the_vocabulary_is_none() -> None:
    assert preferred_channel(pd.Series([0.0, 2.0, -1.0, np.nan]), ["store", "web"]).tolist() == [
        "store",
        None,
        None,
        None,
    ]
    assert preferred_channel(pd.Series([], dtype=float), []).tolist() == []
