"""The pyramid gives active customers a rank by value, and everybody else the class of what they did."""

import numpy as np
import pandas as pd
import pytest

from tiercast.serving.tiers import assign
from tiercast.tiers.pyramid import PYRAMID, pyramid
from tiercast.tiers.terms import Terms


def customers(values: list[float] | np.ndarray, **columns: object) -> pd.DataFrame:
    made = pd.DataFrame({"expected_value_currency": np.asarray(values, dtype=float)})
    for name, default in (("days_since_purchase", 5.0), ("interest_touchpoints", 0.0), ("touchpoints", 9.0)):
        made[name] = columns.get(name, default)
    return made


def test_the_shares_are_one_four_fifteen_and_eighty_percent_of_active_customers() -> None:
    seen = customers(np.arange(1000.0))
    assert assign(PYRAMID.freeze(seen), seen)["tier"].value_counts().to_dict() == {
        "small": 800,
        "medium": 150,
        "large": 40,
        "top": 10,
    }


def test_inactive_customers_do_not_take_places_in_the_quota() -> None:
    seen = customers(np.arange(1000.0), days_since_purchase=np.where(np.arange(1000) < 900, 5.0, 366.0))
    tiers = assign(PYRAMID.freeze(seen), seen)["tier"]
    assert (tiers[900:] == "inactive").all()
    assert (tiers == "top").sum() == 9


@pytest.mark.parametrize(
    ("days", "interest", "touchpoints", "tier"),
    [
        (1.0, 0.0, 5.0, "small"),
        (365.0, 0.0, 5.0, "small"),
        (366.0, 9.0, 5.0, "inactive"),
        (np.nan, 1.0, 5.0, "prospect"),
        (np.nan, 0.0, 5.0, "suspect"),
        (np.nan, np.nan, 5.0, "suspect"),
        (np.nan, 0.0, 0.0, "other"),
        (np.nan, np.nan, np.nan, "other"),
    ],
)
def test_who_is_not_ranked_is_classed_by_what_they_did(
    days: float, interest: float, touchpoints: float, tier: str
) -> None:
    policy = PYRAMID.freeze(customers(np.arange(100.0)))
    one = customers([0.0], days_since_purchase=days, interest_touchpoints=interest, touchpoints=touchpoints)
    assert assign(policy, one)["tier"].tolist() == [tier]


def test_the_active_window_is_a_parameter() -> None:
    seen = customers([1.0], days_since_purchase=100.0)
    assert assign(pyramid(Terms(active_days=90)).freeze(seen), seen)["tier"].tolist() == ["inactive"]


def test_an_active_customer_without_a_prediction_is_other_and_not_guessed() -> None:
    seen = customers(np.arange(100.0))
    assert assign(PYRAMID.freeze(seen), customers([np.nan]))["tier"].tolist() == ["other"]


@pytest.mark.parametrize("values", [[7.0], [7.0] * 40, [0.0, 0.0]])
def test_one_customer_or_all_equal_values_are_small(values: list[float]) -> None:
    seen = customers(values)
    assert set(assign(PYRAMID.freeze(seen), seen)["tier"]) == {"small"}
