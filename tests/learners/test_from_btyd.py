"""The BTYD stage as a learner: fitted at each origin on what was known then, and on nothing else."""

from typing import Any

import numpy as np
import pytest

from tests.path.world import small_panel
from tiercast.learners import btyd
from tiercast.learners.btyd_choice import fit_stage, fit_stages
from tiercast.learners.from_btyd import BTYD_ACTIVITY, BTYD_CURVE, BTYD_VALUE
from tiercast.learners.learner import Setup
from tiercast.serving.btyd_stage import COLUMNS
from tiercast.windows import Horizon

SETUP = Setup(Horizon(28), 7, 1)


def test_the_panels_columns_are_those_of_a_stage_fitted_at_their_own_origin() -> None:
    rows = small_panel()
    for origin, part in rows.features.groupby("cutoff"):
        stage = fit_stage(part.reset_index(drop=True), horizon_days=28)
        own = stage.columns(part)
        np.testing.assert_allclose(part[list(COLUMNS)], own[list(COLUMNS)], rtol=1e-12, err_msg=str(origin))


def test_the_answers_are_the_stages() -> None:
    rows = small_panel()
    activity = BTYD_ACTIVITY.fit(rows, {}, SETUP).predict(rows.features)
    value = BTYD_VALUE.fit(rows, {}, SETUP).predict(rows.features)
    np.testing.assert_array_equal(activity, rows.features["btyd_purchase_probability"])
    np.testing.assert_array_equal(value, rows.features["btyd_expected_value_currency"])
    assert ((activity > 0) & (activity < 1)).all()


def test_the_curve_is_that_of_the_newest_origin_and_agrees_with_the_chance_within_the_horizon() -> None:
    rows = small_panel()
    newest = rows.features[rows.features["cutoff"] == rows.features["cutoff"].max()]
    stage = BTYD_CURVE.fit(rows, {}, SETUP)
    within = 1 - np.exp(-stage.cumulative_hazard(newest, np.array([28.0]))[:, 0])
    told = newest["btyd_purchase_probability"]
    np.testing.assert_allclose(np.clip(within, 1e-6, 1 - 1e-6), told, atol=1e-9)


def test_regular_customers_are_seen_as_such_and_without_their_gaps_as_any() -> None:
    rows = small_panel().features
    newest = rows[rows["cutoff"] == rows["cutoff"].max()].reset_index(drop=True)
    assert fit_stage(newest, horizon_days=28, model="mbg_cnbd").activity.type == "mbg_cnbd"
    without = newest.drop(columns="gap_log_mean")
    assert fit_stage(without, horizon_days=28, model="mbg_cnbd").activity.type == "btyd_mean"


@pytest.mark.parametrize("model", ["mbg_nbd", "pareto_nbd", "bg_nbd", "mbg_cnbd"])
def test_one_model_alone_is_fitted_as_among_all_and_the_others_are_not(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = small_panel().features
    newest = rows[rows["cutoff"] == rows["cutoff"].max()].reset_index(drop=True)
    among = fit_stages(newest, horizon_days=28)[model]
    fit, fitted = btyd._fit, []

    def noted(kind: Any, cohort: Any) -> Any:
        fitted.append(kind.type)
        return fit(kind, cohort)

    monkeypatch.setattr(btyd, "_fit", noted)
    assert fit_stage(newest, horizon_days=28, model=model).to_json() == among.to_json()
    assert fitted == ["mbg_nbd" if model == "mbg_cnbd" else model]


def test_customers_without_a_purchase_neither_help_nor_hurt() -> None:
    rows = small_panel().features
    rows = rows[rows["cutoff"] == rows["cutoff"].max()].reset_index(drop=True)
    more = rows.copy()
    more.loc[len(more)] = {"customer_id": "never", "cutoff": rows["cutoff"][0], "order_days": 0.0}
    assert fit_stage(more, horizon_days=28).to_json() == fit_stage(rows, horizon_days=28).to_json()
    columns = fit_stage(rows, horizon_days=28).columns(more)
    assert columns.iloc[-1][["btyd_purchase_probability", "btyd_expected_orders"]].isna().all()
