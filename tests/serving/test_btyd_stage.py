"""The BTYD stage's columns: known for every buyer, absent for everybody else, the same alone and among many."""

import numpy as np
import pytest

from tests.path.world import small_panel
from tiercast.learners.btyd_choice import fit_stage
from tiercast.serving.btyd_stage import COLUMNS, BtydStage
from tiercast.serving.parts import restore


@pytest.fixture(scope="module")
def stage() -> BtydStage:
    rows = small_panel().features
    return fit_stage(rows[rows["cutoff"] == rows["cutoff"].max()].reset_index(drop=True), horizon_days=28)


def test_every_buyer_has_finite_columns_even_after_giving_everything_back(stage: BtydStage) -> None:
    rows = small_panel().features.assign(order_day_spend_mean_currency=-100.0)
    for given in (small_panel().features, rows):
        columns = stage.columns(given)
        assert list(columns) == list(COLUMNS)
        assert np.isfinite(columns.to_numpy(float)).all()
        assert (columns["btyd_expected_value_currency"] >= 0).all()


def test_no_probability_is_surer_than_one_in_a_million_and_no_orders_are_fewer_than_it(
    stage: BtydStage,
) -> None:
    columns = stage.columns(small_panel().features.assign(purchase_span_days=1.0, customer_age_days=3000.0))
    probability = columns["btyd_purchase_probability"]
    assert probability.between(1e-6, 1 - 1e-6).all()
    assert (columns["btyd_expected_orders"] >= probability).all()
    odds = probability / (1 - probability)
    np.testing.assert_allclose(columns["btyd_purchase_logit"], np.log(odds), rtol=1e-9)


def test_more_days_never_lower_the_hazard(stage: BtydStage) -> None:
    hazard = stage.cumulative_hazard(small_panel().features, np.arange(1.0, 365.0, 7.0))
    assert (np.diff(hazard, axis=1) >= 0).all()


def test_a_row_alone_is_the_row_among_many(stage: BtydStage) -> None:
    rows = small_panel().features
    np.testing.assert_allclose(stage.columns(rows.iloc[[3]]), stage.columns(rows).iloc[[3]], rtol=1e-12)


def test_it_comes_back_from_json_as_it_was(stage: BtydStage) -> None:
    assert restore(stage.to_json()).to_json() == stage.to_json()
