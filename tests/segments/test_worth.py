"""The share of value that groups explain agrees with the textbook, and rivals are given their chance."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tiercast.segments.report import SegmentReport
from tiercast.segments.worth import compare_worth, explained_share, rfm_groups

CHANCE = np.random.default_rng(3)
GROUPS = CHANCE.integers(0, 4, 300)
VALUE = GROUPS * 2.0 + CHANCE.normal(0, 3, 300)


def test_the_explained_share_follows_from_the_f_of_an_analysis_of_variance() -> None:
    f = stats.f_oneway(*(VALUE[each == GROUPS] for each in range(4))).statistic
    between, within = 3, 296
    assert explained_share(GROUPS, VALUE) == pytest.approx(f * between / (f * between + within))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-1e4, 1e4)), min_size=2, max_size=40))
def test_the_explained_share_is_a_share_and_finer_groups_never_explain_less(
    rows: list[tuple[int, float]],
) -> None:
    groups, value = np.array([each for each, _ in rows]), np.array([each for _, each in rows])
    coarse, fine = explained_share(groups // 2, value), explained_share(groups, value)
    if np.isfinite(fine):
        assert -1e-9 <= coarse <= fine + 1e-9 <= 1 + 2e-9


def test_groups_by_rank_are_equal_in_size_and_best_customers_come_last() -> None:
    seen = pd.DataFrame({"customer_id": [f"c{each}" for each in range(90)], "orders": np.arange(90.0),
                         "days_since_purchase": np.arange(90.0)[::-1], "net_spend_currency": 1.0})  # fmt: skip
    found = rfm_groups(seen, 3)
    assert np.bincount(found).tolist() == [30, 30, 30]
    assert (np.diff(found) >= 0).all()
    assert rfm_groups(seen.iloc[:0], 3).tolist() == []


def test_an_honest_rival_is_ahead_and_the_report_says_so() -> None:
    noise = CHANCE.integers(0, 4, 300)
    told = compare_worth(noise, {"recency, frequency and money": GROUPS}, VALUE, seed=1)
    assert told[0].share < told[1].share
    assert told[1].ahead_high < 0
    empty = pd.DataFrame()
    report = SegmentReport(4, "chosen", 0.3, 0.9, empty, empty, (), worth=told)
    assert "NOT proven more than recency, frequency and money" in report.verdict
    ours = SegmentReport(
        4, "chosen", 0.3, 0.9, empty, empty, (), worth=compare_worth(GROUPS, {"x": noise}, VALUE, seed=1)
    )
    assert ", more than x" in ours.verdict


def test_a_rival_who_knows_few_customers_is_compared_on_those_alone() -> None:
    some = np.where(np.arange(300) < 100, GROUPS, -1)
    told = compare_worth(GROUPS, {"attribute city": some}, VALUE, seed=1)[1]
    assert (told.customers, told.ahead, told.ahead_low, told.ahead_high) == (100, 0.0, 0.0, 0.0)


def test_nobody_or_no_value_is_judged_as_unknown() -> None:
    assert compare_worth(np.zeros(0), {}, np.zeros(0), seed=0) == ()
    assert np.isnan(compare_worth(GROUPS, {}, np.zeros(300), seed=0)[0].share)
