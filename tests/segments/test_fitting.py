"""Clusters are found again under another seed and another order, named by what they do, and never crash a run."""

import json
import time

import numpy as np
import pandas as pd
import pytest

from tests.segments.kinds import customers
from tiercast.segments import Past, TooManyClusters, fit
from tiercast.segments.traits import TRAITS
from tiercast.serving.refusals import MissingColumns
from tiercast.serving.segments import Segments

SEEN = customers()
TRUE = np.repeat(np.arange(3), 120)
NEVER_TOLD = {"category_concentration_share", "order_online_share", "returned_share", "interest_touchpoints",
              "satisfaction_share"}  # fmt: skip


def test_three_kinds_of_customers_are_found_and_named_by_what_they_do() -> None:
    few = customers(each=50)
    segments, report = fit(few, clusters=None, seed=0, trials=1)
    assert (report.chosen, report.how) == (3, "chosen")
    assert set(report.tried["algorithm"]) == {"kmeans", "mixture", "hdbscan"}
    found = segments.predict(few)
    assert (found == np.repeat(np.arange(3), 50)).mean() > 0.98
    assert len(set(segments.names_en)) == len(set(segments.names_zh)) == 3
    assert "discount seeking" in segments.names_en[1] or "coupon using" in segments.names_en[1]
    assert report.stability >= 0.85
    assert report.silhouette > 0.3
    assert report.tried.loc[report.tried["holds"].astype(bool), "clusters"].between(3, 8).all()


def test_the_report_has_sizes_and_a_profile_with_the_most_valuable_first() -> None:
    _, report = fit(SEEN, clusters=3, seed=0)
    assert (report.how, report.algorithm) == ("given", "kmeans")
    assert report.profile["customers"].sum() == len(SEEN)
    assert report.profile["customer_share"].sum() == pytest.approx(1.0)
    assert report.profile["spend_91d_currency"].is_monotonic_decreasing
    assert report.profile["orders_91d_index"].iloc[0] > 0 > report.profile["orders_91d_index"].iloc[-1]


@pytest.mark.parametrize("algorithm", ["kmeans", "mixture", "hdbscan"])
def test_each_algorithm_finds_the_kinds_and_its_part_survives_json(algorithm: str) -> None:
    part, report = fit(SEEN, clusters=3, seed=0, algorithm=algorithm)
    assert (report.algorithm, report.chosen) == (algorithm, 3)
    assert (part.predict(SEEN) == TRUE).mean() > 0.97
    again = Segments.from_json(json.loads(json.dumps(part.to_json(), allow_nan=False)))
    assert again == part
    assert (part.mixture is not None) == (algorithm == "mixture")


def test_refits_under_ten_seeds_and_orders_rename_nobody() -> None:
    first, _ = fit(SEEN, clusters=3, seed=0)
    before = first.assign(SEEN)["segment"]
    for seed in range(1, 11):
        again, report = fit(SEEN.sample(frac=1, random_state=seed), clusters=3, seed=seed, previous=first)
        assert set(again.names_en) == set(first.names_en)
        assert (again.assign(SEEN)["segment"] == before).mean() > 0.99
        assert report.matched is not None
        assert report.matched.agreement > 0.99


def test_a_refit_on_later_customers_keeps_the_labels_and_their_chinese() -> None:
    first, _ = fit(SEEN, clusters=3, seed=0)
    renamed = Segments(
        first.behaviours, first.centres, ("gold", "silver", "bronze"), ("金", "银", "铜"), first.mixture
    )
    later = customers(seed=6).assign(customer_id=[f"d{each}" for each in range(360)])
    again, _ = fit(later, clusters=3, seed=3, previous=renamed)
    assert list(zip(again.names_en, again.names_zh, strict=True)) == [
        ("gold", "金"),
        ("silver", "银"),
        ("bronze", "铜"),
    ]


def test_an_old_number_that_holds_is_kept_and_a_new_segment_gets_a_new_name() -> None:
    two, _ = fit(SEEN, clusters=2, seed=0)
    more, report = fit(SEEN, clusters=3, seed=0, previous=two)
    assert report.matched is not None
    fresh = [name for name, old in zip(more.names_en, report.matched.old_of, strict=True) if old is None]
    assert len(fresh) >= 1
    assert not set(fresh) & set(two.names_en)
    three, _ = fit(SEEN, clusters=3, seed=0)
    _, kept = fit(SEEN, clusters=None, seed=5, algorithm="kmeans", trials=0, previous=three)
    assert kept.chosen == 3


def test_old_segments_of_columns_that_are_gone_are_told_and_not_matched() -> None:
    first, _ = fit(SEEN, clusters=3, seed=0)
    _, report = fit(SEEN.drop(columns="discount_share"), clusters=3, seed=0, previous=first)
    assert report.matched is not None
    assert report.matched.problem == "segments need discount_share, which did not come"


def test_the_same_seed_gives_the_same_part_to_the_last_digit() -> None:
    shuffled = SEEN.sample(frac=1, random_state=4)
    assert fit(SEEN, clusters=4, seed=1)[0] == fit(shuffled, clusters=4, seed=1)[0]


def test_many_clusters_have_unique_names() -> None:
    segments, _ = fit(SEEN, clusters=8, seed=0)
    assert len(set(segments.names_en)) == len(set(segments.names_zh)) == 8


def test_with_a_past_the_choice_has_to_last_and_to_tell_of_value() -> None:
    few, later = customers(each=50), customers(each=50, seed=6)
    value = few["spend_91d_currency"].to_numpy()
    asked = {"clusters": None, "seed": 0, "algorithm": "kmeans", "trials": 0}
    _, report = fit(few, past=Past(few, value, later), **asked)
    best = report.tried[report.tried["clusters"] == 3].iloc[0]
    assert best["lasting"] > 0.9
    assert best["separation"] == pytest.approx(best["silhouette"] + best["value_gain"])
    mixed = later.assign(customer_id=later["customer_id"].sample(frac=1, random_state=1).to_numpy())
    _, report = fit(few, past=Past(few, value, mixed), **asked)
    assert report.how == "unstable"
    assert report.lasting < 0.2


def test_customers_without_purchases_take_no_part() -> None:
    silent = SEEN.iloc[:50].assign(days_since_purchase=np.nan, customer_id=[f"z{each}" for each in range(50)])
    both = pd.concat([SEEN, silent], ignore_index=True)
    segments, report = fit(both, clusters=3, seed=0)
    assert report.profile["customers"].sum() == len(SEEN)
    assert segments.assign(both)["segment"].isna().sum() == 50


def test_absent_and_constant_behaviours_are_skipped_and_named() -> None:
    seen = SEEN.drop(columns="coupons_redeemed").assign(discount_share=0.2, categories=np.nan)
    segments, report = fit(seen, clusters=3, seed=0)
    assert set(report.skipped) == {"coupons_redeemed", "discount_share", "categories"} | NEVER_TOLD
    assert [each.column for each in segments.behaviours] == [
        "net_spend_currency", "orders", "order_day_spend_mean_currency",
    ]  # fmt: skip


def test_unknown_habits_of_some_customers_place_them_by_the_rest() -> None:
    seen = SEEN.assign(discount_share=SEEN["discount_share"].where(np.arange(len(SEEN)) % 3 > 0))
    segments, report = fit(seen, clusters=3, seed=0)
    assert segments.assign(seen)["segment"].notna().all()
    assert (segments.predict(seen) == TRUE).mean() > 0.9
    assert report.indexes["index"].notna().all()


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
    fit(customers(each=834), clusters=3, seed=0)
    assert time.process_time() - started < 10
