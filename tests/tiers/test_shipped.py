"""Each class of the other shipped policies holds whom its page says, and no one else."""

import numpy as np
import pandas as pd
import pytest

from tiercast.serving.tiers import assign
from tiercast.tiers.base_types import BASE_TYPES
from tiercast.tiers.influence_intent import INFLUENCE_INTENT, influence_intent
from tiercast.tiers.ladder import LADDER
from tiercast.tiers.policy import Policy
from tiercast.tiers.price_band import PRICE_BAND, price_band
from tiercast.tiers.terms import Terms
from tiercast.tiers.value_tiers import VALUE_TIERS


def tier(policy: Policy, trained: pd.DataFrame, currency: str = "", **row: float) -> str:
    frozen = policy.freeze(trained, currency=currency)
    one = pd.DataFrame({each.name: [row.get(each.name, np.nan)] for each in policy.inputs})
    return str(assign(frozen, one)["tier"][0])


LOYAL = {"days_since_purchase": 9, "order_days": 5, "customer_age_days": 180}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (LOYAL | {"influence_score": 1.0}, "advocate"),
        (LOYAL | {"influence_score": 0.9}, "loyal"),
        (LOYAL | {"satisfaction_share": 0.9, "days_since_rating": 365}, "advocate"),
        (LOYAL | {"satisfaction_share": 0.9, "days_since_rating": 366}, "loyal"),
        (LOYAL | {"satisfaction_share": 0.89, "days_since_rating": 3}, "loyal"),
        (LOYAL | {"order_days": 4, "influence_score": 9}, "ordinary"),
        (LOYAL | {"customer_age_days": 179}, "ordinary"),
        (LOYAL | {"days_since_purchase": 366}, "ordinary"),
        ({"touchpoints": 1}, "prospect"),
        ({"touchpoints": 0}, "other"),
        ({}, "other"),
    ],
)
def test_the_ladder(row: dict[str, float], expected: str) -> None:
    trained = pd.DataFrame({each.name: [1.0] for each in LADDER.inputs})
    assert tier(LADDER, trained, **row) == expected


RANKED = pd.DataFrame(
    {
        "influence_score": [5.0, 4.0, 3.0] + [0.0] * 97,
        "days_since_purchase": 5.0,
        "expected_value_currency": np.arange(100.0),
        "interest_touchpoints_28d": np.arange(100.0) % 10,
        "touchpoints": 1.0,
    }
)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"influence_score": 2, "touchpoints": 1}, "opinion_leader"),
        ({"influence_score": 2, "days_since_purchase": 1, "expected_value_currency": 99}, "opinion_leader"),
        ({"influence_score": 0, "days_since_purchase": 1, "expected_value_currency": 80}, "premium_large"),
        ({"days_since_purchase": 365, "expected_value_currency": 79}, "small_medium"),
        (
            {"days_since_purchase": 366, "expected_value_currency": 99, "interest_touchpoints_28d": 1},
            "intent",
        ),
        ({"interest_touchpoints_28d": 1, "touchpoints": 1}, "intent"),
        ({"days_since_purchase": 366, "touchpoints": 4, "interest_touchpoints_28d": 0}, "potential"),
        ({"touchpoints": 1}, "potential"),
        ({}, "other"),
    ],
)
def test_the_base_types(row: dict[str, float], expected: str) -> None:
    assert tier(BASE_TYPES, RANKED, **row) == expected


def shares(policy: Policy, frame: pd.DataFrame) -> dict[str, int]:
    found: dict[str, int] = assign(policy.freeze(frame), frame)["tier"].value_counts().to_dict()
    return found


def test_the_quotas_are_15_35_50_where_enough_deserve_them() -> None:
    frame = RANKED.assign(
        influence_score=np.arange(100.0)[::-1], interest_touchpoints_28d=np.arange(100.0) + 1
    )
    assert shares(INFLUENCE_INTENT, frame) == {"leader": 15, "intent": 35, "nurture": 50}


def test_a_quota_never_overflows_ties_stay_below_it_and_what_is_left_is_not_handed_on() -> None:
    tied = RANKED.assign(influence_score=[9.0] * 14 + [5.0] * 30 + [0.0] * 56, interest_touchpoints_28d=0.0)
    assert shares(INFLUENCE_INTENT, tied) == {"leader": 14, "nurture": 86}
    nobody = RANKED.assign(influence_score=0.0, interest_touchpoints_28d=0.0)
    assert shares(INFLUENCE_INTENT, nobody) == {"nurture": 100}


def test_intent_may_be_counted_in_another_feature() -> None:
    policy = influence_intent(Terms(intent="carts_91d"))
    frame = RANKED.assign(carts_91d=np.where(np.arange(100) < 90, 0.0, 2.0))
    assert shares(policy, frame)["intent"] == 10


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (400, "service"),
        (399.99, "middle"),
        (200.01, "middle"),
        (200, "discount"),
        (1, "discount"),
        (np.nan, "other"),
    ],
)
def test_the_price_bands_in_yuan(price: float, expected: str) -> None:
    assert (
        tier(PRICE_BAND, pd.DataFrame({"price_median_currency": [1.0]}), "CNY", price_median_currency=price)
        == expected
    )


def test_a_currency_without_thresholds_takes_shares_and_says_so_and_may_be_given_its_own() -> None:
    seen = pd.DataFrame({"price_median_currency": np.arange(1.0, 101.0)})
    frozen = PRICE_BAND.freeze(seen, currency="EUR")
    assert assign(frozen, seen)["tier"].value_counts().to_dict() == {
        "service": 20,
        "middle": 30,
        "discount": 50,
    }
    assert [each.split(":")[0] for each in frozen["notes"]] == [
        "the cut high has no value in EUR",
        "the cut low has no value in EUR",
    ]
    ours = price_band(Terms(price_high={"EUR": 55.0}, price_low={"EUR": 25.0})).freeze(seen, currency="EUR")
    assert (ours["cuts"]["high"]["value"], ours["cuts"]["low"]["value"], ours["notes"]) == (55.0, 25.0, [])
    assert (ours["cuts"]["high"]["lower"], ours["cuts"]["high"]["upper"]) == pytest.approx((49.5, 60.5))


def test_the_value_tiers_hold_1_4_5_15_25_and_50_percent_of_those_with_a_prediction() -> None:
    seen = pd.DataFrame({"expected_value_currency": [*np.arange(1000.0), *[np.nan] * 7]})
    assert shares(VALUE_TIERS, seen) == {
        "platinum": 10, "gold": 40, "silver": 50, "bronze": 150, "medium": 250, "low": 500, "other": 7,
    }  # fmt: skip


def test_all_equal_values_leave_the_upper_tiers_empty_and_everybody_in_the_lowest() -> None:
    frozen = VALUE_TIERS.freeze(pd.DataFrame({"expected_value_currency": [7.0] * 50}))
    assert set(assign(frozen, pd.DataFrame({"expected_value_currency": [7.0] * 50}))["tier"]) == {"low"}
    assert len(frozen["notes"]) == 5
