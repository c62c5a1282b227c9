"""Influence counts customers brought, their worth, and what is said in public; what is not there counts nothing."""

import json

import pandas as pd
import pytest

from tiercast.serving.influence import READS, Influence, fit_influence

NOBODY = pd.DataFrame({name: [0.0] for name in READS})


@pytest.mark.parametrize(
    ("column", "number", "score"),
    [
        ("referrals", 2.0, 2.0),
        ("referred_customers", 3.0, 3.0),
        ("referral_amount_currency", 500.0, 2.0),
        ("shares", 4.0, 0.4),
        ("reviews", 5.0, 1.0),
        ("co_creations", 1.0, 0.5),
        ("referrals", -1.0, 0.0),
        ("shares", float("nan"), 0.0),
        ("shares", float("inf"), 0.0),
    ],
)
def test_each_sign_counts_at_its_weight(column: str, number: float, score: float) -> None:
    part = Influence(buyer_spend_currency=250.0)
    assert part.assign(NOBODY.assign(**{column: number}))["influence_score"].tolist() == pytest.approx(
        [score]
    )


def test_a_referral_that_names_the_customer_is_not_counted_twice() -> None:
    seen = NOBODY.assign(referrals=5.0, referred_customers=2.0)
    assert Influence().assign(seen)["influence_score"].tolist() == [2.0]


def test_a_source_without_any_sign_gives_everybody_nothing() -> None:
    assert (
        fit_influence(pd.DataFrame({"orders": [1.0]})).assign(pd.DataFrame({"orders": [1.0]})).iloc[0, 0]
        == 0.0
    )


def test_it_travels_as_json() -> None:
    part = fit_influence(pd.DataFrame({"net_spend_currency": [10.0, 30.0, -5.0, None]}))
    assert part.buyer_spend_currency == 20.0
    assert Influence.from_json(json.loads(json.dumps(part.to_json()))) == part
