"""Every row of a scorecard agrees with itself, whoever is in charge: probabilities, dates, value, tiers and codes."""

from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

import tiercast
from tests.path.world import CUTOFF, World
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.registry import Store, bundle_folder, open_served
from tiercast.serving.scorecard import COLUMNS
from tiercast.sources.opening import open_source

WITHIN = [f"purchase_within_{days}d_probability" for days in (7, 30, 60, 90, 180, 365)]
VALUE_DAYS = (30, 90, 180, 365)
AHEAD = {
    end: [f"expected_value_{days}d_{end}currency" for days in VALUE_DAYS] for end in ("", "low_", "high_")
}
REFUSED = ("refused:NO_HISTORY", "refused:NO_PURCHASE")
ALWAYS = [
    "customer_id", "cutoff", "version", "basis_churn", "basis_repurchase", "basis_value", "churn_horizon_days",
    "value_horizon_days", "currency", "value_measure", "policy", "policy_version", "tier_basis",
]  # fmt: skip
OF_BUYERS = [
    "churn_probability", "churn_percentile", "churn_band", *WITHIN, "expected_orders", "expected_value_currency",
    "expected_value_low_currency", "expected_value_high_currency", *(name for of in AHEAD.values() for name in of),
    "segment", "segment_confidence", "rfmcl",
]  # fmt: skip
OF_KNOWN = ["engagement", "lifecycle_stage", "tier", "tier_reason", "next_action", "reasons_en", "reasons_zh"]
MAY_BE_NULL = {
    "next_purchase_on", "next_purchase_from", "next_purchase_until", "conversion_probability", "conversion_on",
    "tier_before", "preferred_channel", "next_action_on",
}  # fmt: skip


@pytest.fixture(scope="module", params=["champion", "1"], ids=["model", "rule"])
def scored(request: pytest.FixtureRequest, trained_world: World) -> tuple[Any, pd.DataFrame, pd.DataFrame]:
    """Return a bundle, everybody's features and everybody's scorecard, three odd customers included."""
    bundle = open_served(bundle_folder(Store(trained_world.uri, None), request.param))
    when = {"occurred_at": pd.Timestamp("2024-12-01"), "channel": "web", "kind": "purchase"}
    odd = pd.DataFrame(
        [
            {"customer_id": "z free", **when, "amount": 0.0},
            {"customer_id": "z gave all back", **when, "amount": 10.0},
            {"customer_id": "z gave all back", **when, "kind": "return", "amount": 5_000.0},
            {"customer_id": "z huge", **when, "amount": 9_999_999.0},
            {"customer_id": "z only returns", **when, "kind": "return", "amount": 50.0},
            {"customer_id": "z odd channel", **when, "channel": "carrier_pigeon"},
        ]
    )
    rows = pd.concat([trained_world.touchpoints(), odd], ignore_index=True)
    cards = bundle.predict(rows, cutoff=CUTOFF)
    with DuckDBEngine(threads=1) as engine:
        engine.attach(open_source(rows))
        features = engine.run(bundle.features_sql, cutoffs=[CUTOFF], tables=bundle.tables)
    features = features.sort_values("customer_id", ignore_index=True)
    return bundle, features.assign(cutoff=CUTOFF), cards


def test_everybody_is_there_once_in_order_with_every_column(scored: Any, trained_world: World) -> None:
    _, features, cards = scored
    assert list(cards) == list(COLUMNS)
    assert cards["customer_id"].is_monotonic_increasing
    assert cards["customer_id"].is_unique
    asked = {*trained_world.touchpoints()["customer_id"], *features["customer_id"]}
    assert set(cards["customer_id"]) == asked


def test_churn_is_what_is_left_of_the_chance_to_buy_and_lies_on_the_curve(scored: Any) -> None:
    bundle, features, cards = scored
    bought = features[features["order_days"] > 0].reset_index(drop=True)
    staged = bundle.forecast.staged(bought)
    at_horizon = bundle.forecast.survival(staged, np.array([float(bundle.forecast.horizon_days)]))[:, 0]
    churn = cards.set_index("customer_id").loc[bought["customer_id"], "churn_probability"].to_numpy(float)
    np.testing.assert_allclose(churn, 1.0 - staged["purchase_probability"].to_numpy(float), atol=1e-12)
    np.testing.assert_allclose(churn, at_horizon, atol=1e-6)
    assert ((churn > 0) & (churn < 1)).all()


def test_the_curve_only_falls(scored: Any) -> None:
    bundle, features, _ = scored
    bought = features[features["order_days"] > 0].reset_index(drop=True)
    survival = bundle.forecast.survival(bundle.forecast.staged(bought), np.arange(1.0, 366.0))
    assert (np.diff(survival, axis=1) <= 1e-12).all()
    assert ((survival >= 0) & (survival <= 1)).all()


def test_a_longer_wait_never_lowers_the_chance_to_have_bought(scored: Any) -> None:
    _, _, cards = scored
    within = cards[WITHIN].dropna().to_numpy(float)
    assert (np.diff(within, axis=1) >= -1e-12).all()
    seen = cards.dropna(subset=WITHIN)
    buys = 1.0 - seen["churn_probability"]
    assert (seen["purchase_within_7d_probability"] <= buys + 1e-9).all(), "7 days are part of the 28"
    assert (seen["purchase_within_30d_probability"] >= buys - 1e-9).all(), "30 days hold the 28"


def test_dates_are_in_order_and_agree_with_the_probabilities(scored: Any) -> None:
    _, _, cards = scored
    for early, late in (("from", "on"), ("on", "until")):
        both = cards.dropna(subset=[f"next_purchase_{early}", f"next_purchase_{late}"])
        assert (both[f"next_purchase_{early}"] <= both[f"next_purchase_{late}"]).all()
        only = cards[cards[f"next_purchase_{early}"].isna() & cards[f"next_purchase_{late}"].notna()]
        assert only.empty, "who reaches 90 % has passed 50 %"
    for name, share in (("from", 0.1), ("on", 0.5), ("until", 0.9)):
        wait = pd.to_datetime(cards[f"next_purchase_{name}"]) - pd.Timestamp(CUTOFF)
        days = wait.dt.days + 1  # the cutoff's own day is day 1 of the window
        assert days.dropna().between(1, 182).all()
        buyers = cards["churn_probability"].notna()
        for day in (7, 30, 60, 90, 180):
            said = cards[f"purchase_within_{day}d_probability"]
            assert (said[(days <= day) & buyers] >= share - 1e-9).all(), (name, day)
            assert (said[((days > day) | days.isna()) & buyers] < share + 1e-9).all(), (name, day)


def test_value_is_positive_only_with_a_chance_to_buy_and_intervals_are_in_order(scored: Any) -> None:
    _, _, cards = scored
    seen = cards.dropna(subset=["expected_value_currency"])
    assert len(seen) > 600
    assert (seen["expected_value_currency"] >= 0).all()
    assert (seen.loc[seen["expected_value_currency"] > 0, "churn_probability"] < 1).all()
    assert (seen["expected_value_low_currency"] <= seen["expected_value_high_currency"]).all()
    assert (seen["expected_value_low_currency"] >= 0).all()
    assert (seen["expected_orders"] >= 0).all()
    numbers = [name for name in OF_BUYERS if name.endswith(("_currency", "_probability", "_orders"))]
    assert np.isfinite(seen[numbers].to_numpy(float)).all()


def test_no_longer_horizon_is_told_less_than_a_shorter_one(scored: Any) -> None:
    bundle, features, cards = scored
    seen = cards.dropna(subset=["churn_probability"])
    for names in (WITHIN, *AHEAD.values()):
        assert (np.diff(seen[names].to_numpy(float), axis=1) >= 0).all(), names
    value, low, high = (seen[AHEAD[end]].to_numpy(float) for end in ("", "low_", "high_"))
    assert ((low >= 0) & (low <= high)).all()
    chances = seen[[f"purchase_within_{days}d_probability" for days in VALUE_DAYS]].to_numpy(float)
    assert ((value == 0) | (chances > 0)).all()
    for served, ahead in (("", ""), ("_low", "low_"), ("_high", "high_")):
        within_28 = seen[f"expected_value{served}_currency"]
        assert (seen[AHEAD[ahead][0]] >= within_28).all(), "30 days hold the 28"
    bought = features[features["order_days"] > 0].reset_index(drop=True)
    days = (7, 30, 60, 90, 180, 365)
    survival = bundle.forecast.survival(bundle.forecast.staged(bought), np.asarray(days, dtype=float))
    told = cards.set_index("customer_id").loc[bought["customer_id"], WITHIN].to_numpy(float)
    np.testing.assert_allclose(1.0 - told, survival, atol=1e-6)


def test_bands_percentiles_and_reasons_follow_the_risk(scored: Any) -> None:
    _, _, cards = scored
    seen = cards.dropna(subset=["churn_probability"]).sort_values("churn_probability")
    assert (seen["churn_percentile"].diff().dropna() >= 0).all()
    assert seen["churn_percentile"].between(0, 100).all()
    lowest = seen.groupby("churn_band")["churn_probability"].agg(["min", "max"])
    bands = [band for band in ("low", "medium", "high") if band in lowest.index]
    assert all(lowest.loc[a, "max"] < lowest.loc[b, "min"] for a, b in pairwise(bands))
    assert cards["reasons_en"].dropna().str.len().gt(0).all()


def test_null_always_has_a_code_beside_it(scored: Any) -> None:
    _, _, cards = scored
    assert set(COLUMNS) == {*ALWAYS, *OF_BUYERS, *OF_KNOWN, *MAY_BE_NULL}
    assert not cards[ALWAYS].isna().any().any()
    refused = cards["basis_churn"].isin(REFUSED)
    assert cards.loc[~refused, "basis_churn"].isin(["model", "btyd", "rule"]).all()
    assert cards.loc[~refused, OF_BUYERS].notna().all().all()
    assert cards.loc[refused, OF_BUYERS].isna().all().all()
    assert (
        cards.loc[refused, ["next_purchase_on", "next_purchase_from", "next_purchase_until"]]
        .isna()
        .all()
        .all()
    )
    for name in ("basis_repurchase", "basis_value"):
        assert (cards[name].isin(REFUSED) == refused).all()
    unseen = cards["basis_churn"] == "refused:NO_HISTORY"
    assert cards.loc[~unseen, OF_KNOWN].notna().all().all()
    assert cards.loc[unseen, [*OF_KNOWN, "next_action_on", "preferred_channel"]].isna().all().all()
    assert (cards.loc[unseen, "tier_basis"] == "refused:NO_HISTORY").all()
    assert (cards.loc[cards["next_action_on"].isna() & ~unseen, "next_action"] == "none").all()
    assert (cards.loc[cards["tier_before"].isna() & ~unseen, "tier_basis"] == "stateless").all()


def test_who_only_returned_never_bought_and_who_got_it_free_did(scored: Any) -> None:
    _, _, cards = scored
    basis = cards.set_index("customer_id")["basis_churn"]
    assert basis["z only returns"] == basis["never1"] == "refused:NO_PURCHASE"
    assert not basis[["z free", "z gave all back", "z huge", "z odd channel"]].str.startswith("refused").any()


def test_the_parquet_file_has_the_types_of_the_contract(world: World, tmp_path: Any) -> None:
    report = tiercast.score(world.touchpoints(["c0001", "never1"]), cutoff=CUTOFF, out=tmp_path)
    types = dict(
        duckdb.sql(
            f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '{report.place}')"
        ).fetchall()
    )
    expected = {"text": "VARCHAR", "number": "DOUBLE", "count": "BIGINT", "date": "DATE"}
    from tiercast.serving.scorecard import SCORECARD

    assert types == {answer.name: expected[answer.kind] for answer in SCORECARD}


def test_a_row_alone_gets_the_very_bits_that_it_gets_among_many(scored: Any) -> None:
    bundle, features, _ = scored
    some = features.iloc[::40].reset_index(drop=True)
    many = bundle.predict_features(features)
    alone = pd.concat(
        [bundle.predict_features(some.iloc[[row]]) for row in range(len(some))], ignore_index=True
    )
    same = many[many["customer_id"].isin(some["customer_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, same, check_exact=True)
