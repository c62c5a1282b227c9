"""Clusters are found again under another seed and another order, named by what they do, and never crash a run."""

import time

import numpy as np
import pandas as pd
import pytest

from tiercast.segments import TRAITS, TooManyClusters, fit
from tiercast.serving.refusals import MissingColumns

KINDS = {  # orders, spend a day, silence, gap, categories, discount, coupons
    "regulars": (30.0, 60.0, 4.0, 4.0, 14.0, 0.15, 0.3),
    "deal seekers": (10.0, 20.0, 12.0, 12.0, 7.0, 0.50, 6.0),
    "strays": (1.5, 15.0, 80.0, 50.0, 2.0, 0.10, 0.0),
}


def customers(each: int = 120, seed: int = 5) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    parts = []
    for orders, day_spend, silence, gap, categories, discount, coupons in KINDS.values():
        many = chance.poisson(orders, each)
        parts.append(
            pd.DataFrame(
                {
                    "days_since_purchase": 1.0 + chance.poisson(silence, each),
                    "orders_91d": many,
                    "order_day_spend_mean_currency": day_spend * chance.lognormal(0, 0.2, each),
                    "spend_91d_currency": many * day_spend * chance.lognormal(0, 0.1, each),
                    "categories": 1.0 + chance.poisson(categories, each),
                    "discount_share": np.clip(chance.normal(discount, 0.04, each), 0, 1),
                    "gap_mean_days": gap * chance.lognormal(0, 0.2, each),
                    "coupons_redeemed": chance.poisson(coupons, each),
                }
            )
        )
    made = pd.concat(parts, ignore_index=True).astype(float)
    made.insert(0, "customer_id", [f"c{number:05d}" for number in range(len(made))])
    return made


SEEN = customers()
TRUE = np.repeat(np.arange(3), 120)


def test_three_kinds_of_customers_are_found_and_named_by_what_they_do() -> None:
    segments, report = fit(SEEN, clusters=None, seed=0)
    assert (report.chosen, report.how) == (3, "chosen")
    found = segments.predict(SEEN)
    assert (found == TRUE).mean() > 0.98
    assert len(set(segments.names_en)) == len(set(segments.names_zh)) == 3
    assert "coupon using" in segments.names_en[1]
    assert report.stability >= 0.85
    assert report.silhouette > 0.3


def test_the_report_has_sizes_and_a_profile_with_the_most_valuable_first() -> None:
    _, report = fit(SEEN, clusters=3, seed=0)
    assert report.how == "given"
    assert report.profile["customers"].sum() == len(SEEN)
    assert report.profile["customer_share"].sum() == pytest.approx(1.0)
    assert report.profile["spend_91d_currency"].is_monotonic_decreasing
    assert report.profile["orders_91d_index"].iloc[0] > 0 > report.profile["orders_91d_index"].iloc[-1]


def test_another_seed_and_another_order_rename_nobody() -> None:
    first, _ = fit(SEEN, clusters=None, seed=0)
    again, _ = fit(SEEN.sample(frac=1, random_state=3), clusters=None, seed=99)
    assert first.names_en == again.names_en
    assert (first.assign(SEEN)["segment"] == again.assign(SEEN)["segment"]).mean() > 0.99


def test_the_same_seed_gives_the_same_part_to_the_last_digit() -> None:
    shuffled = SEEN.sample(frac=1, random_state=4)
    assert fit(SEEN, clusters=4, seed=1)[0] == fit(shuffled, clusters=4, seed=1)[0]


def test_many_clusters_have_unique_names() -> None:
    segments, _ = fit(SEEN, clusters=8, seed=0)
    assert len(set(segments.names_en)) == len(set(segments.names_zh)) == 8


def test_customers_without_purchases_take_no_part() -> None:
    silent = SEEN.iloc[:50].assign(days_since_purchase=np.nan, customer_id=[f"z{each}" for each in range(50)])
    both = pd.concat([SEEN, silent], ignore_index=True)
    segments, report = fit(both, clusters=3, seed=0)
    assert report.profile["customers"].sum() == len(SEEN)
    assert segments.assign(both)["segment"].isna().sum() == 50


def test_absent_and_constant_behaviours_are_skipped_and_named() -> None:
    seen = SEEN.drop(columns="coupons_redeemed").assign(discount_share=0.2, categories=np.nan)
    segments, report = fit(seen, clusters=3, seed=0)
    assert set(report.skipped) == {"coupons_redeemed", "discount_share", "categories"}
    assert len(segments.behaviours) == len(TRAITS) - 3


@pytest.mark.parametrize("rows", [1, 2, 10])
def test_too_few_customers_are_one_segment(rows: int) -> None:
    segments, report = fit(SEEN.iloc[:rows], clusters=None, seed=0)
    assert (report.chosen, report.how, segments.names_en) == (1, "too_few", ("all customers",))
    assert segments.assign(SEEN.iloc[:rows])["segment_confidence"].tolist() == [1.0] * rows


def test_customers_who_are_all_equal_are_one_segment() -> None:
    equal = SEEN.iloc[[0] * 100].assign(customer_id=[f"c{each}" for each in range(100)])
    segments, report = fit(equal, clusters=None, seed=0)
    assert (report.how, len(report.skipped)) == ("too_few", len(TRAITS))
    assert set(segments.assign(equal)["segment"]) == {"all customers"}


@pytest.mark.parametrize("nobody", [SEEN.iloc[:0], SEEN.assign(days_since_purchase=np.nan)])
def test_nobody_who_bought_gives_no_segments(nobody: pd.DataFrame) -> None:
    segments, report = fit(nobody, clusters=None, seed=0)
    assert (report.chosen, report.how) == (0, "no_buyers")
    assert segments.assign(nobody)["segment"].isna().all()


@pytest.mark.parametrize("clusters", [0, -1, 361])
def test_a_number_of_clusters_that_cannot_be_told_apart_is_refused(clusters: int) -> None:
    with pytest.raises(TooManyClusters) as refused:
        fit(SEEN, clusters=clusters, seed=0)
    assert refused.value.code == "TOO_MANY_CLUSTERS"


def test_a_frame_without_customer_ids_is_refused() -> None:
    with pytest.raises(MissingColumns, match="customer_id"):
        fit(SEEN.drop(columns="customer_id"), clusters=3, seed=0)


def test_the_given_frame_is_not_changed() -> None:
    kept = SEEN.copy(deep=True)
    fit(SEEN, clusters=3, seed=0)
    pd.testing.assert_frame_equal(SEEN, kept)


def test_fitting_2500_customers_stays_under_ten_seconds() -> None:
    started = time.process_time()
    fit(customers(each=834), clusters=None, seed=0)
    assert time.process_time() - started < 10
