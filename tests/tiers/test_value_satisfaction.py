"""The grid crosses volume and satisfaction, and never guesses a satisfaction it does not know."""

import numpy as np
import pandas as pd
import pytest

from tiercast.serving.tiers import assign
from tiercast.tiers.terms import Terms
from tiercast.tiers.value_satisfaction import VALUE_SATISFACTION, value_satisfaction

TRAINED = pd.DataFrame(
    {
        "net_spend_currency": np.arange(1.0, 101.0),
        "days_since_purchase": 5.0,
        "satisfaction_share": np.nan,
        "days_since_rating": np.nan,
    }
)
FROZEN = VALUE_SATISFACTION.freeze(TRAINED)


@pytest.mark.parametrize(
    ("spend", "satisfaction", "tier"),
    [
        (90.0, 0.8, "A"), (60.0, 1.0, "B"), (10.0, 0.9, "C"),
        (90.0, 0.79, "D"), (60.0, 0.5, "E"), (10.0, 0.6, "F"),
        (90.0, 0.49, "G"), (60.0, 0.0, "H"), (-5.0, 0.2, "I"),
        (90.0, np.nan, "U_high"), (60.0, np.nan, "U_medium"), (10.0, np.nan, "U_low"),
    ],
)  # fmt: skip
def test_each_cell_of_the_grid(spend: float, satisfaction: float, tier: str) -> None:
    one = pd.DataFrame(
        {
            "net_spend_currency": [spend],
            "days_since_purchase": 5.0,
            "satisfaction_share": [satisfaction],
            "days_since_rating": 9.0 if satisfaction == satisfaction else np.nan,
        }
    )
    assert assign(FROZEN, one)["tier"].tolist() == [tier]


def test_missing_ratings_altogether_put_everybody_in_the_unknown_column() -> None:
    tiers = assign(FROZEN, TRAINED.drop(columns="satisfaction_share"))["tier"]
    assert tiers.value_counts().to_dict() == {"U_low": 50, "U_medium": 30, "U_high": 20}


def test_who_never_bought_is_other_even_with_a_rating() -> None:
    one = pd.DataFrame(
        {"net_spend_currency": [0.0], "days_since_purchase": [np.nan], "satisfaction_share": [1.0]}
    )
    assert assign(FROZEN, one)["tier"].tolist() == ["other"]


def test_volume_can_be_orders() -> None:
    seen = TRAINED.rename(columns={"net_spend_currency": "orders"})
    assert set(assign(value_satisfaction(Terms(volume="orders")).freeze(seen), seen)["tier"]) == {
        "U_high",
        "U_medium",
        "U_low",
    }


def test_a_new_rating_moves_a_customer_at_once_and_volume_alone_is_held_by_the_band() -> None:
    seen = pd.DataFrame(
        {
            "net_spend_currency": [81.0, 81.0],
            "days_since_purchase": 5.0,
            "satisfaction_share": [0.9, 0.2],
            "days_since_rating": 9.0,
            "tier_before": ["B", "B"],
        }
    )
    moved = assign(FROZEN, seen)
    assert moved["tier"].tolist() == ["B", "G"]
    assert moved["tier_reason_code"].tolist() == ["HELD_BY_BAND", "MOVED_AT_ONCE"]


@pytest.mark.parametrize(
    ("days", "ratings", "tier"), [(365.0, 2, "A"), (366.0, 2, "U_high"), (5.0, 1, "U_high")]
)
def test_a_rating_that_is_too_old_or_one_of_too_few_is_unknown_and_not_the_truth(
    days: float, ratings: int, tier: str
) -> None:
    frozen = value_satisfaction(Terms(satisfaction_ratings=2)).freeze(TRAINED.assign(ratings=np.nan))
    one = TRAINED.iloc[[95]].assign(satisfaction_share=1.0, days_since_rating=days, ratings=ratings)
    assert assign(frozen, one)["tier"].tolist() == [tier]
