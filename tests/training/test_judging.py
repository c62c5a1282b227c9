"""Judging: which curve answers unless another is proven better, and what a curve loses by customer."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tests.path.world import small_panel
from tiercast.collect import collect
from tiercast.learners.learner import BlendOf, Learner, Setup
from tiercast.training.backtest import Fits, at
from tiercast.training.judging import RULES, assemble, curve_figures, curve_losses, usual_curve, value_spread
from tiercast.training.plan import Plan, make_plan
from tiercast.windows import Horizon

END = date(2024, 10, 7)


def plan_of(horizon_days: int) -> Plan:
    return make_plan(
        first_day=date(2024, 1, 1), data_ends_on=date(2024, 12, 30), horizon=Horizon(horizon_days), step_days=28,
        test_origins=2, first_origin_after_days=84,
    )  # fmt: skip


def rules() -> Fits:
    learners = collect("tiercast.learners", Learner)
    blends = collect("tiercast.learners", BlendOf)
    return Fits(
        small_panel(), learners, blends, {name: dict(each.defaults) for name, each in learners.items()},
        Setup(Horizon(28), 7, 1),
    )  # fmt: skip


def test_past_every_window_that_was_judged_the_process_draws_the_curve() -> None:
    assert plan_of(28).window.days == 28
    assert usual_curve(plan_of(28)) == "lightgbm_hazard"
    assert plan_of(180).window.days < 180
    assert usual_curve(plan_of(180)) == "btyd_curve"


def test_what_a_curve_loses_by_customer_has_its_figure_as_mean() -> None:
    fits = rules()
    window = at(fits.panel, date(2024, 9, 9))
    made = assemble(fits, RULES, calibrate_until=date(2024, 9, 9), window=window, fit_until=END)
    lost = curve_losses(made, window)
    assert len(lost) == len(window)
    figures, _, _ = curve_figures(made, window)
    assert lost.mean() == pytest.approx(figures["integrated_brier"], abs=1e-12)


def test_the_level_of_value_is_what_the_learner_says() -> None:
    fits = rules()
    window = at(fits.panel, date(2024, 9, 9))
    made = assemble(fits, RULES, calibrate_until=date(2024, 9, 9), window=window, fit_until=END)
    said = fits.part(RULES["lifetime_value"], END).predict(window.features)
    told = made.predict(window.features)["expected_value_currency"]
    np.testing.assert_allclose(told, np.maximum(said, 0.0), rtol=1e-12)


def test_value_by_orders_is_spread_for_the_orders_that_are_chosen() -> None:
    fits = rules()
    window = at(fits.panel, date(2024, 9, 9))
    asked = {"known_until": date(2024, 9, 9), "window": window}
    found = {
        orders: value_spread(fits, "orders_times_spend", "hiatus", orders, **asked)  # type: ignore[arg-type]
        for orders in ("past_rate", "btyd_orders")
    }
    spreads = [np.asarray(each.bin_edges) for each in found.values() if each is not None]
    assert len(spreads) == 2
    assert not np.array_equal(*spreads)


@pytest.mark.parametrize(
    ("spenders", "basis"),
    [(0, "refused:NO_AMOUNTS"), (8, "refused:TOO_FEW_SPENDERS"), (9, "rule"), (19, "rule")],
)
def test_a_window_with_few_spenders_ends_no_training(spenders: int, basis: str) -> None:
    fits = rules()
    window = at(fits.panel, date(2024, 9, 9))
    value = window.labels["value_currency"].to_numpy(float)
    kept = np.flatnonzero(value > 0)[:spenders]
    few = replace(
        window,
        labels=window.labels.assign(
            value_currency=np.where(np.isin(np.arange(len(value)), kept), value, 0.0)
        ),
    )
    made = assemble(fits, RULES, calibrate_until=date(2024, 9, 9), window=few, fit_until=END)
    assert made.basis["value"] == basis
    assert made.basis["churn"] == "rule"
    told = made.predict(window.features)
    low, high = (told[f"expected_value_{name}_currency"] for name in ("low", "high"))
    assert np.isfinite(told["expected_value_currency"]).all()
    assert (low <= high).all()
    if basis == "rule":
        levels, row = np.asarray(made.intervals.levels), made.intervals.log_ratio_quantiles[0]
        assert np.interp(0.1, levels, row) < np.interp(0.9, levels, row), "a spread that was learned"
