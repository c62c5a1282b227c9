"""The forecast: one curve owns activity, and whatever parts are put together, a row never contradicts itself."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.path.world import small_panel
from tiercast.evaluation.intervals import fit_value_intervals
from tiercast.learners.btyd_choice import fit_stage
from tiercast.serving.blend import PerOrder
from tiercast.serving.calibration import Calibration
from tiercast.serving.forecast import Forecast, first_day_reached
from tiercast.serving.intervals import ValueIntervals
from tiercast.serving.parts import restore
from tiercast.serving.rules import Column, PastSpend, SurvivalTable


def forecast(**changes: Any) -> Forecast:
    chance = np.random.default_rng(1)
    spend = chance.lognormal(3, 1, 500)
    intervals: ValueIntervals = fit_value_intervals(
        spend * (chance.random(500) < 0.7), np.full(500, 0.7), spend
    )
    parts: dict[str, Any] = {
        "btyd": None,
        "activity": Column("chance"),
        "calibration": Calibration("identity"),
        "curve": SurvivalTable(
            "days_since_purchase", (30.0,), (7, 28, 91), ((0.5, 0.2, 0.1), (0.9, 0.8, 0.7))
        ),
        "value": PastSpend(28, 28.0, 1.0, 1.0),
        "value_level": 1.0,
        "intervals": intervals,
        "horizon_days": 28,
        "gap_days": 0,
        "basis": {"churn": "rule", "repurchase": "rule", "value": "rule"},
    }
    return Forecast(**{**parts, **changes})


def rows(chance: list[float], **columns: Any) -> pd.DataFrame:
    base = {
        "days_since_purchase": 10.0,
        "order_days": 3.0,
        "net_spend_currency": 90.0,
        "customer_age_days": 60.0,
    }
    return pd.DataFrame({"chance": chance, **base, **columns})


@settings(max_examples=60, deadline=None)
@given(
    chance=st.lists(st.floats(0, 1), min_size=1, max_size=5),
    silence=st.floats(1, 3000),
    spend=st.floats(-1e6, 1e6),
    horizon=st.integers(1, 182),
    window=st.integers(0, 182),
)
def test_a_row_never_contradicts_itself(
    chance: list[float], silence: float, spend: float, horizon: int, window: int
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = forecast(horizon_days=horizon, window_days=window)
        given_rows = rows(chance, days_since_purchase=silence, net_spend_currency=spend)
        told = made.predict(given_rows)
    assert np.isfinite(
        told.drop(columns=[name for name in told if name.endswith("_days")]).to_numpy(float)
    ).all()
    np.testing.assert_allclose(told["churn_probability"], 1 - told["purchase_probability"], atol=1e-15)
    at_horizon = made.survival(made.staged(given_rows), np.array([float(horizon)]))[:, 0]
    np.testing.assert_allclose(at_horizon, told["churn_probability"], atol=1e-9)
    within = told[[f"purchase_within_{days}d_probability" for days in (7, 30, 60, 90, 180, 365)]].to_numpy(
        float
    )
    assert (np.diff(within, axis=1) >= 0).all()
    assert ((within >= 0) & (within <= 1)).all()
    days = told[[f"next_purchase_{name}_days" for name in ("from", "median", "until")]].to_numpy(float)
    assert (np.diff(np.nan_to_num(days, nan=np.inf).clip(max=1e9), axis=1) >= 0).all()
    assert (told["expected_value_currency"] >= 0).all()
    assert (told["expected_value_low_currency"] <= told["expected_value_high_currency"]).all()


def test_who_never_bought_gets_no_prediction_and_changes_nobody_elses() -> None:
    some = rows([0.3, 0.6, 0.9], order_days=[3.0, 0.0, np.nan])
    told = forecast().predict(some)
    assert told.iloc[1:].isna().all().all()
    pd.testing.assert_frame_equal(told.iloc[:1], forecast().predict(some.iloc[:1]))
    assert forecast().predict(some.iloc[:0]).shape == (0, told.shape[1])
    assert forecast().predict(some.iloc[1:]).isna().all().all()


@pytest.mark.parametrize("orders", [Column("orders"), None])
def test_value_by_orders_is_the_orders_that_are_told_times_the_spend(orders: Column | None) -> None:
    made = forecast(value=PerOrder(Column("basket")), orders=orders)
    told = made.predict(rows([0.3, 0.6, 0.9], orders=[2.0, 0.1, 1.5], basket=[10.0, 20.0, 30.0]))
    expected = told["expected_orders"].to_numpy() * [10.0, 20.0, 30.0]
    np.testing.assert_allclose(told["expected_value_currency"], expected, rtol=1e-12)
    assert (told["expected_orders"] >= told["purchase_probability"]).all()


def test_the_frame_that_was_given_is_not_changed() -> None:
    some = rows([0.3, 0.6])
    before = some.copy(deep=True)
    forecast().predict(some)
    pd.testing.assert_frame_equal(some, before)


def test_a_part_that_answers_zero_or_one_still_leaves_a_proper_curve() -> None:
    told = forecast().predict(rows([0.0, 1.0]))
    assert (told["churn_probability"] > 0).all()
    assert (told["churn_probability"] < 1).all()
    assert np.isnan(told["next_purchase_median_days"][0])
    assert told["next_purchase_until_days"][1] <= 28


def test_the_stage_fitted_at_the_panels_own_origin_is_kept_and_a_new_row_gets_the_forecasts() -> None:
    panel = small_panel().features
    newest = panel[panel["cutoff"] == panel["cutoff"].max()].reset_index(drop=True)
    stage = fit_stage(newest, horizon_days=28)
    made = forecast(btyd=stage, activity=Column("btyd_purchase_probability"))
    marked = newest.assign(btyd_purchase_probability=0.123)
    np.testing.assert_allclose(made.staged(marked)["purchase_probability"], 0.123)
    bare = newest.drop(columns=[name for name in newest if name.startswith("btyd_")])
    np.testing.assert_allclose(
        made.staged(bare)["purchase_probability"], newest["btyd_purchase_probability"], rtol=1e-9
    )


def test_it_comes_back_from_json_as_it_was() -> None:
    made = forecast()
    back = Forecast.from_json(made.to_json())
    pd.testing.assert_frame_equal(
        back.predict(rows([0.2, 0.8])), made.predict(rows([0.2, 0.8])), check_exact=True
    )
    assert restore(made.to_json()["curve"]) == made.curve


@pytest.mark.parametrize(("share", "day"), [(0.5, 7.0), (0.75, 14.0), (0.8, np.nan)])
def test_the_first_day_by_which_a_share_has_bought(share: float, day: float) -> None:
    found = first_day_reached(np.array([[0.5, 0.25]]), np.array([7.0, 14.0]), share)
    np.testing.assert_array_equal(found, [day])


@pytest.mark.parametrize("window", [7, 28, 90])
def test_one_forecast_answers_for_any_horizon_without_contradiction(window: int) -> None:
    panel = small_panel()
    stage = fit_stage(panel.features, horizon_days=window)
    bare = panel.features.drop(columns=[name for name in panel.features if name.startswith("btyd_")])
    made = forecast(
        btyd=stage,
        activity=Column("btyd_purchase_probability"),
        orders=Column("btyd_expected_orders"),
        curve=SurvivalTable("days_since_purchase", (30.0,), (7, 28), ((0.5, 0.2), (0.9, 0.8))),
        window_days=window,
    )
    told = [replace(made, horizon_days=days).predict(bare) for days in (7, 30, 90, 180, 365)]
    for name in ("purchase_probability", "expected_orders", "expected_value_currency"):
        over = np.column_stack([each[name] for each in told])
        assert np.isfinite(over).all()
        assert (np.diff(over, axis=1) >= -1e-9).all(), name
    for each in told:
        assert (each["expected_orders"] >= each["purchase_probability"]).all()
        assert ((each["expected_value_currency"] == 0) | (each["purchase_probability"] > 0)).all()
    for days in (30, 90):
        same = told[(7, 30, 90, 180, 365).index(days)]
        np.testing.assert_allclose(same[f"purchase_within_{days}d_probability"], same["purchase_probability"])
