"""The interpreter of tier policies gives a tier, a reason and a distance, and holds customers back where it says so."""

import datetime
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.serving.refusals import MissingColumns, UnknownChoice
from tiercast.serving.tiers import COLUMNS, assign
from tiercast.tiers.pyramid import PYRAMID

CUTOFF = datetime.date(2026, 3, 2)


def customers(values: list[float] | np.ndarray, **columns: object) -> pd.DataFrame:
    made = pd.DataFrame({"expected_value_currency": np.asarray(values, dtype=float)})
    return made.assign(
        days_since_purchase=5.0, interest_touchpoints=0.0, touchpoints=9.0, cutoff=CUTOFF, **columns
    )


FROZEN = json.loads(json.dumps(PYRAMID.freeze(customers(np.arange(1000.0)))))
"""Cuts at 989.5 (top, band 988.5-990.5), 949.5 (large, 944.5-954.5) and 799.5 (medium, 779.5-819.5)."""


def one(value: float, before: object = None, since: object = None, **columns: object) -> pd.Series:
    return assign(FROZEN, customers([value], tier_before=[before], tier_since_on=[since], **columns)).iloc[0]


def test_the_columns_are_the_declared_ones_and_the_index_is_kept() -> None:
    seen = customers([1.0, 990.0]).set_axis(["b", "a"])
    answered = assign(FROZEN, seen)
    assert tuple(answered.columns) == COLUMNS
    assert answered.index.tolist() == ["b", "a"]


def test_the_given_frame_is_not_changed() -> None:
    seen = customers([1.0, 990.0], tier_before=["top", None], tier_since_on=["2026-01-01", None])
    kept = seen.copy(deep=True)
    assign(FROZEN, seen)
    pd.testing.assert_frame_equal(seen, kept)


def test_without_a_tier_before_the_answer_is_stateless_and_says_why() -> None:
    told = assign(FROZEN, customers([990.0])).iloc[0]
    assert (told["tier"], told["tier_basis"], told["tier_before"]) == ("top", "stateless", None)
    assert told["tier_reason"] == "top customer: days since purchase < 366, expected value ≥ 989.50 (best 1%)"


def test_reasons_come_in_chinese() -> None:
    told = assign(FROZEN, customers([990.0]), language="zh").iloc[0]
    assert told["tier_reason"] == "顶级客户：距上次购买天数 < 366，预期价值 ≥ 989.50 (前1%)"


def test_an_unknown_language_and_a_missing_input_are_refused_with_a_code() -> None:
    with pytest.raises(UnknownChoice) as language:
        assign(FROZEN, customers([1.0]), language="fr")
    assert language.value.code == "UNKNOWN_CHOICE"
    with pytest.raises(MissingColumns) as missing:
        assign(FROZEN, customers([1.0]).drop(columns=["touchpoints", "expected_value_currency"]))
    assert missing.value.details["missing"] == ["expected_value_currency", "touchpoints"]


def test_the_distance_is_what_is_missing_to_the_next_better_tier() -> None:
    told = assign(FROZEN, customers([900.0, 950.0, 999.0]))
    assert told["next_tier"].tolist() == ["large", "top", None]
    assert told["distance"].tolist() == [49.5, 39.5, pytest.approx(np.nan, nan_ok=True)]
    assert told["distance_input"].tolist() == ["expected_value_currency", "expected_value_currency", None]


def test_with_a_tier_before_the_distance_reaches_beyond_the_band() -> None:
    assert one(950.0, "large")["distance"] == 40.5
    held = one(990.0, "large")
    assert (held["tier"], held["next_tier"], held["distance"]) == ("large", "top", 0.5)


@pytest.mark.parametrize(
    ("value", "before", "tier", "code"),
    [
        (990.0, "large", "large", "HELD_BY_BAND"),
        (991.0, "large", "top", "MOVED_UP"),
        (989.0, "top", "top", "HELD_BY_BAND"),
        (988.0, "top", "large", "MOVED_DOWN"),
        (945.0, "top", "large", "MOVED_DOWN"),
        (990.0, "small", "large", "MOVED_UP"),
        (950.0, "large", "large", "SAME"),
        (950.0, "inactive", "large", "MOVED_AT_ONCE"),
        (950.0, "prospect", "large", "MOVED_AT_ONCE"),
    ],
)
def test_a_customer_moves_only_beyond_the_band(value: float, before: str, tier: str, code: str) -> None:
    told = one(value, before)
    assert (told["tier"], told["tier_reason_code"]) == (tier, code)
    assert told["tier_basis"] == ("held" if tier == before else "moved")


@pytest.mark.parametrize(
    ("since", "tier"),
    [
        ("2026-02-01", "small"),
        ("2026-01-31", "top"),
        (datetime.date(2026, 2, 20), "small"),
        ("2026-03-05", "top"),
        ("soon", "top"),
        (None, "top"),
    ],
)
def test_a_class_is_kept_for_thirty_days_and_an_unreadable_or_future_date_holds_nobody(
    since: object, tier: str
) -> None:
    assert one(999.0, "small", since)["tier"] == tier


def test_the_dwell_time_does_not_hold_who_stops_buying() -> None:
    gone = customers([999.0], tier_before=["top"], tier_since_on=["2026-03-01"]).assign(
        days_since_purchase=400.0
    )
    assert assign(FROZEN, gone)["tier"].tolist() == ["inactive"]


@pytest.mark.parametrize("before", [None, np.nan, "", "platinum", "'; drop table tiers", 7])
def test_a_tier_before_that_is_no_class_of_the_policy_is_stateless(before: object) -> None:
    told = one(990.0, before)
    assert (told["tier"], told["tier_basis"], told["tier_before"]) == ("top", "stateless", None)


def test_text_and_infinity_in_an_input_are_unknown_not_a_crash() -> None:
    seen = customers([1.0, 1.0, 1.0]).assign(expected_value_currency=["much", np.inf, -np.inf])
    assert assign(FROZEN, seen)["tier"].tolist() == ["other"] * 3


def test_absent_values_are_none_and_not_nan() -> None:
    assert assign(FROZEN, customers([1.0]))["tier_before"].tolist() == [None]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.one_of(st.floats(0, 1200), st.just(np.nan)), min_size=1, max_size=8))
def test_the_order_of_customers_and_their_company_change_nobodys_tier(values: list[float]) -> None:
    seen = customers(values)
    whole = assign(FROZEN, seen)["tier"].tolist()
    assert assign(FROZEN, seen.iloc[::-1])["tier"].tolist() == whole[::-1]
    assert [assign(FROZEN, seen.iloc[[each]])["tier"].iloc[0] for each in range(len(seen))] == whole


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1000), st.floats(0, 1000))
def test_more_value_never_means_a_worse_tier(one_value: float, other_value: float) -> None:
    ranks = ["top", "large", "medium", "small"]
    less, more = sorted([one_value, other_value])
    low, high = (ranks.index(tier) for tier in assign(FROZEN, customers([less, more]))["tier"])
    assert high <= low


def test_a_wobble_of_one_percent_does_not_flap_tiers() -> None:
    chance = np.random.default_rng(7)
    value = chance.lognormal(3.0, 1.0, 10_000)
    frozen = PYRAMID.freeze(customers(value))
    flaps = {"with": 0, "without": 0}
    before = assign(frozen, customers(value))["tier"]
    alone, since = before, pd.Series([CUTOFF] * value.size)
    for month in range(1, 25):
        cutoff = CUTOFF + datetime.timedelta(days=31 * month)
        wobbled = customers(value * chance.uniform(0.99, 1.01, value.size)).assign(cutoff=cutoff)
        raw = assign(frozen, wobbled)["tier"]
        moved = assign(frozen, wobbled.assign(tier_before=before, tier_since_on=since))["tier"]
        flaps["without"] += int((raw != alone).sum())
        flaps["with"] += int((moved != before).sum())
        since = since.where(moved == before, cutoff)
        before, alone = moved, raw
    assert flaps["without"] > 500
    assert flaps["with"] <= 0.05 * flaps["without"]
