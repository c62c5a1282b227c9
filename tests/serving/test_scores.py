"""Scores keep their frozen meaning, fall back as documented, and treat every customer alone."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.serving.engagement import PARTS
from tiercast.serving.rfmcl import BadWeights
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


anything = st.one_of(st.floats(0, 5000), st.just(float("nan")), st.just(float("inf")))


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


@pytest.mark.parametrize(
    "weights", [{"R": -1.0}, {"R": 0.0, "F": 0.0}, {"R": float("nan")}, {"X": 1.0}, {}], ids=str
)
def test_weights_that_cannot_be_meant_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(BadWeights, match="the weights of RFMCL cannot be used") as refused:
        fit_rfmcl(SEEN, weights=weights)
    assert refused.value.code == "BAD_WEIGHTS"


def test_the_letter_c_is_whatever_it_was_chosen_to_be_and_json_keeps_it() -> None:
    seen = SEEN.assign(
        discount_share=np.linspace(0, 0.5, 100), purchase_clumpiness_share=np.linspace(1, 0, 100)
    )
    for third, first in (("breadth", "3"), ("discount", "5"), ("clumpiness", "1")):
        part = fit_rfmcl(seen, third_letter=third)
        again = Rfmcl.from_json(json.loads(json.dumps(part.to_json(), allow_nan=False)))
        assert again.assign(seen)["rfmcl"].iloc[0].split("-")[3] == first
    old = {name: value for name, value in fit_rfmcl(seen).to_json().items() if name != "letters"}
    assert (
        Rfmcl.from_json(old).assign(seen)["rfmcl"].tolist() == fit_rfmcl(seen).assign(seen)["rfmcl"].tolist()
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=6, max_size=40))
def test_ties_score_alike_and_more_never_scores_less(orders: list[int]) -> None:
    seen = pd.DataFrame({"days_since_purchase": 1.0, "orders": np.array(orders, dtype=float)})
    letters = fit_rfmcl(seen).assign(seen)["rfmcl"].str.split("-").str[1].astype(int).to_numpy()
    ranked = np.argsort(orders, kind="stable")
    assert (np.diff(letters[ranked]) >= 0).all()
    assert all(len(set(letters[np.array(orders) == each])) == 1 for each in set(orders))
    assert set(letters) <= {1, 2, 3, 4, 5}
    if len(set(orders)) == 1:
        assert set(letters) == {3}


def test_one_buyer_alone_scores_three_throughout_and_the_unknown_is_left_out_of_the_mean() -> None:
    one = SEEN.iloc[:1]
    assert fit_rfmcl(one).assign(one).iloc[0].tolist() == ["3-3-3-3-3", 3.0]
    part = fit_rfmcl(SEEN)
    known = part.assign(SEEN.assign(net_spend_currency=np.nan)).iloc[0]
    assert known["rfmcl_score"] == (5 + 5 + 3 + 1) / 4


def test_the_parts_of_engagement_are_shares_and_add_up_to_the_score() -> None:
    seen = pd.DataFrame({"days_since_purchase": [3.0, np.nan], "orders_91d": [4.0, 0.0], "categories": [2.0, 0.0],
                         "satisfaction_share": [0.8, np.nan]})  # fmt: skip
    told = Engagement().assign(seen)
    parts = told[[f"engagement_{name}" for name in PARTS]].iloc[0].to_numpy()
    weights = [getattr(Engagement(), f"weight_{name}") for name in PARTS]
    assert told["engagement"][0] == pytest.approx(100 * np.dot(parts, weights) / sum(weights))
    assert np.isnan(told["engagement_voice"][1])
    assert told["engagement"][1] == 0.0


@pytest.mark.parametrize(
    ("silence", "until", "stage"),
    [
        (400.0, -390.0, "graduated"),
        (100.0, -90.0, "graduated"),
        (400.0, 30.0, "lost"),
        (10.0, -90.0, "loyal"),
        (400.0, np.nan, "lost"),
        (900.0, -500.0, "graduated"),
        (np.nan, -5.0, "prospect"),
    ],
)
def test_whose_need_has_ended_has_graduated_and_is_never_lost(
    silence: float, until: float, stage: str
) -> None:
    seen = pd.DataFrame({"days_since_purchase": [silence], "order_days": 9.0, "gap_mean_days": 9.0, "gap_last_days": 9.0,
                         "customer_age_days": 1000.0, "days_until_need_ends": until})  # fmt: skip
    assert Stages().assign(seen).tolist() == [stage]


@settings(max_examples=60, deadline=None)
@given(anything, anything, st.floats(-3000, -1))
def test_nobody_without_a_purchase_since_the_need_ended_is_lost_or_dormant(
    silence: float, gap: float, until: float
) -> None:
    seen = pd.DataFrame({"days_since_purchase": [silence], "order_days": 5.0, "gap_mean_days": gap, "gap_last_days": gap,
                         "customer_age_days": 4000.0, "days_until_need_ends": until})  # fmt: skip
    if np.isfinite(silence) and silence >= -until:
        assert Stages().assign(seen).iloc[0] == "graduated"


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
