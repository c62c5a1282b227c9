"""Several horizons at once: whatever parts are put together, no two horizons of one row contradict each other."""

import json
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.serving.test_forecast import forecast
from tiercast.serving.ahead import VALUE_DAYS, WITHIN_DAYS, rising, value_names, within_name
from tiercast.serving.bg_nbd import MbgNbd
from tiercast.serving.btyd_stage import BtydStage
from tiercast.serving.forecast import PREDICTIONS, VALUE_NAMES, Forecast
from tiercast.serving.gamma_gamma import GammaGamma
from tiercast.serving.intervals import ValueIntervals
from tiercast.serving.mbg_cnbd import MbgCnbd
from tiercast.serving.measure import ValueMeasure
from tiercast.serving.pareto_nbd import ParetoNbd
from tiercast.serving.rules import Column, SurvivalTable

STAGES = st.one_of(
    st.none(),
    st.builds(MbgNbd, st.floats(0.1, 3), st.floats(1, 200), st.floats(0, 3), st.floats(0.1, 3)),
    st.builds(ParetoNbd, st.floats(0.1, 3), st.floats(1, 200), st.floats(0, 3), st.floats(1, 200)),
)
WIDE_THEN_NARROW = ValueIntervals(
    (0.1, 0.5, 0.9), (20.0, 200.0), ((-2.0, 0.0, 2.0), (-0.1, 0.0, 0.1), (-3.0, -2.5, -2.0))
)
"""Bins whose spread jumps: what is said of the next bin alone would make longer horizons worth less."""


@st.composite
def forecasts(draw: st.DrawFn) -> Forecast:
    """Return a forecast of parts that were not made for each other."""
    activity = draw(STAGES)
    window = draw(st.sampled_from([7, 14, 28, 30, 52, 90, 180]))
    level = draw(st.lists(st.floats(0.02, 0.99), min_size=3, max_size=3))
    curve = tuple(float(each) for each in np.cumprod(level))
    return forecast(
        btyd=activity and BtydStage(activity, GammaGamma(6.0, 4.0, 15.0), window),
        curve=SurvivalTable("days_since_purchase", (30.0,), (7, 28, 91), (curve, curve[::-1][:1] * 3)),
        value=Column("net_spend_currency"),
        intervals=draw(st.sampled_from([forecast().intervals, WIDE_THEN_NARROW])),
        window_days=window,
        horizon_days=draw(st.sampled_from([1, 7, 28, 30, 45, 60, 90, 180, 182, 365])),
        gap_days=draw(st.sampled_from([0, 7])),
        measure=ValueMeasure(draw(st.sampled_from([1.0, 0.3])), draw(st.sampled_from([0.0, 0.08, 0.95]))),
    )


@st.composite
def buyers(draw: st.DrawFn) -> pd.DataFrame:
    """Return histories from one purchase yesterday to hundreds long ago, and chances from 0 to 1."""
    rows = []
    for _ in range(draw(st.integers(1, 6))):
        order_days = draw(st.sampled_from([1, 1, 2, 5, 60, 300]))
        span = 0 if order_days == 1 else draw(st.integers(order_days, 900))
        silence = draw(st.integers(1, 900))
        rows.append(
            {
                "chance": draw(st.floats(0, 1)),
                "days_since_purchase": float(silence),
                "order_days": float(order_days),
                "purchase_span_days": float(span),
                "customer_age_days": float(span + silence),
                "order_day_spend_mean_currency": draw(st.floats(0, 1e4)),
                "net_spend_currency": draw(st.floats(-1e4, 1e6)),
            }
        )
    return pd.DataFrame(rows)


@settings(max_examples=60, deadline=None)
@given(made=forecasts(), given_rows=buyers())
def test_no_two_horizons_contradict_each_other(made: Forecast, given_rows: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = made.predict(given_rows)
    assert list(told) == list(PREDICTIONS)
    survival = made.survival(made.staged(given_rows), np.asarray(WITHIN_DAYS, dtype=float))
    chances = told[[within_name(days) for days in WITHIN_DAYS]].to_numpy(float)
    np.testing.assert_allclose(1.0 - chances, survival, atol=1e-6)
    assert (np.diff(chances, axis=1) >= 0).all()
    value, low, high = (
        told[[value_names(days)[place] for days in VALUE_DAYS]].to_numpy(float) for place in range(3)
    )
    for each in (value, low, high):
        assert np.isfinite(each).all()
        assert (each >= 0).all()
        assert (np.diff(each, axis=1) >= 0).all()
    assert (low <= high).all()
    assert ((value == 0) | (told[[within_name(days) for days in VALUE_DAYS]].to_numpy(float) > 0)).all()
    served = told["purchase_probability"]
    for days in WITHIN_DAYS:
        below = told[within_name(days)] <= served
        assert (below if days <= made.horizon_days else ~below | (told[within_name(days)] == served)).all()
    for days in VALUE_DAYS:
        for name, same in zip(value_names(days), VALUE_NAMES, strict=True):
            longer, shorter = (same, name) if days <= made.horizon_days else (name, same)
            assert (told[longer] >= told[shorter]).all(), (longer, shorter)


@settings(max_examples=60, deadline=None)
@given(made=forecasts(), given_rows=buyers(), days=st.sampled_from(VALUE_DAYS))
def test_the_served_horizon_is_told_twice_with_the_same_bits(
    made: Forecast, given_rows: pd.DataFrame, days: int
) -> None:
    told = replace(made, horizon_days=days).predict(given_rows)
    np.testing.assert_array_equal(told[within_name(days)], told["purchase_probability"])
    for name, same in zip(value_names(days), VALUE_NAMES, strict=True):
        np.testing.assert_array_equal(told[name], told[same])


@settings(max_examples=30, deadline=None)
@given(made=forecasts(), given_rows=buyers())
def test_it_comes_back_from_json_with_the_same_bits(made: Forecast, given_rows: pd.DataFrame) -> None:
    back = Forecast.from_json(json.loads(json.dumps(made.to_json())))
    assert back.measure == made.measure
    pd.testing.assert_frame_equal(back.predict(given_rows), made.predict(given_rows), check_exact=True)


def test_a_forecast_stored_before_there_was_a_measure_tells_net_revenue() -> None:
    made = forecast()
    stored = made.to_json()
    del stored["measure"]
    assert Forecast.from_json(stored).measure.name == "net_revenue"


def some(**columns: Any) -> pd.DataFrame:
    base = {
        "days_since_purchase": 10.0, "order_days": 3.0, "net_spend_currency": 90.0, "customer_age_days": 60.0,
        "purchase_span_days": 50.0, "order_day_spend_mean_currency": 30.0,
    }  # fmt: skip
    return pd.DataFrame({"chance": [0.2, 0.7, 0.9], **base, **columns})


def test_without_a_purchase_process_value_grows_in_proportion_to_the_days() -> None:
    told = forecast().predict(some())
    for days in VALUE_DAYS:
        expected = told["expected_value_currency"] * days / 28
        np.testing.assert_allclose(told[f"expected_value_{days}d_currency"], expected, rtol=1e-12)


def test_with_a_purchase_process_value_grows_as_its_orders_do() -> None:
    stage = BtydStage(MbgNbd(0.5, 40.0, 0.8, 1.2), GammaGamma(6.0, 4.0, 15.0), 28)
    rows = some(purchase_span_days=[0.0, 50.0, 50.0], order_days=[1.0, 3.0, 9.0])
    told = forecast(btyd=stage, value=Column("net_spend_currency")).predict(rows)
    orders = stage.expected_orders(rows, [28, *VALUE_DAYS])
    for place, days in enumerate(VALUE_DAYS, start=1):
        grown = told[f"expected_value_{days}d_currency"] / told["expected_value_currency"]
        np.testing.assert_allclose(grown, orders[:, place] / orders[:, 0], rtol=1e-12)


def test_where_the_process_sees_nobody_coming_within_the_window_a_year_is_worth_a_bounded_multiple() -> None:
    steady = MbgCnbd(
        2.0, 20.0, 0.2, 20.0, 8
    )  # a purchase each hundred days or so, and one was made yesterday
    stage = BtydStage(steady, GammaGamma(6.0, 4.0, 15.0), 28)
    rows = some(order_days=9.0, purchase_span_days=900.0, customer_age_days=901.0)
    told = forecast(btyd=stage, value=Column("net_spend_currency")).predict(rows)
    orders = stage.expected_orders(rows, [28, 365])
    assert (orders[:, 1] / orders[:, 0] > 1000).all()
    a_purchase = told["expected_value_currency"] / told["purchase_probability"]
    added = told["expected_value_365d_currency"] - told["expected_value_currency"]
    np.testing.assert_allclose(added, 4.0 * (orders[:, 1] - orders[:, 0]) * a_purchase, rtol=1e-9)


@pytest.mark.parametrize("rate", [0.0, 0.2])
def test_margin_takes_its_share_of_every_value_and_of_nothing_else(rate: float) -> None:
    whole = forecast(measure=ValueMeasure(1.0, rate)).predict(some())
    part = forecast(measure=ValueMeasure(0.25, rate)).predict(some())
    for name in PREDICTIONS:
        share = 0.25 if name.startswith("expected_value_") else 1.0
        np.testing.assert_allclose(part[name], whole[name] * share, rtol=1e-12)


def test_a_discount_lowers_later_money_more_and_moves_no_chance_and_no_order() -> None:
    whole, today = forecast().predict(some()), forecast(measure=ValueMeasure(1.0, 0.2)).predict(some())
    share = [
        float((today[f"expected_value_{days}d_currency"] / whole[f"expected_value_{days}d_currency"]).iloc[0])
        for days in VALUE_DAYS
    ]
    assert 1.0 > share[0] > share[1] > share[2] > share[3] > 1 / 1.2
    assert share[0] == pytest.approx((28 * 1.2 ** (-14 / 365) + 2 * 1.2 ** (-29 / 365)) / 30, rel=1e-12)
    others = [name for name in PREDICTIONS if not name.startswith("expected_value_")]
    pd.testing.assert_frame_equal(today[others], whole[others], check_exact=True)


def test_a_column_between_two_is_lowered_before_the_kept_one_and_raised_after_it() -> None:
    np.testing.assert_array_equal(rising(np.array([[3.0, 1.0, 2.0]]), kept=0), [[3.0, 3.0, 3.0]])
    np.testing.assert_array_equal(rising(np.array([[3.0, 1.0, 2.0]]), kept=1), [[1.0, 1.0, 2.0]])
    np.testing.assert_array_equal(rising(np.array([[3.0, 1.0, 2.0]]), kept=2), [[1.0, 1.0, 2.0]])
    assert rising(np.zeros((0, 3)), kept=1).shape == (0, 3)
