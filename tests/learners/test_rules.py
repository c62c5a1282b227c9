"""The rules as they are fitted: rates that a count gives, shrunk; past spend at the panel's level; Kaplan-Meier."""

import numpy as np
import pandas as pd
import pytest

from tests.path.world import small_panel
from tiercast.learners.learner import Panel, Setup
from tiercast.learners.rules import (
    CURVE_DAYS,
    SHRINK_ROWS,
    fit_hiatus,
    fit_past_spend,
    fit_recency_frequency,
    fit_survival_table,
)
from tiercast.windows import Horizon

SETUP = Setup(Horizon(28), 7, 1)


def panel(features: dict[str, list[float]], labels: dict[str, list[float]]) -> Panel:
    return Panel(pd.DataFrame(features), pd.DataFrame(labels), tuple(features))


def test_the_hiatus_rule_gives_the_shrunk_share_of_each_band() -> None:
    silence = [1.0] * 100 + [50.0] * 100
    bought = [1.0] * 90 + [0.0] * 10 + [1.0] * 10 + [0.0] * 90
    rule = fit_hiatus(panel({"days_since_purchase": silence}, {"purchased": bought}), {"bands": 2}, SETUP)
    said = rule.predict(pd.DataFrame({"days_since_purchase": [1.0, 50.0]}))
    overall = SHRINK_ROWS * 0.5
    np.testing.assert_allclose(
        said, [(90 + overall) / (100 + SHRINK_ROWS), (10 + overall) / (100 + SHRINK_ROWS)]
    )


def test_a_cell_that_nobody_is_in_says_the_overall_rate() -> None:
    rows = panel(
        {"days_since_purchase": [1.0, 1.0, 9.0, 9.0], "order_days_91d": [1.0, 1.0, 5.0, 5.0]},
        {"purchased": [0, 1, 1, 1]},
    )
    rule = fit_recency_frequency(rows, {"bands": 2}, SETUP)
    said = rule.predict(pd.DataFrame({"days_since_purchase": [1.0], "order_days_91d": [5.0]}))
    assert said.tolist() == [0.75]


def test_past_spend_adds_up_to_what_was_spent_on_the_panel() -> None:
    rows = small_panel()
    rule = fit_past_spend(rows, {"prior_days": 28}, SETUP)
    assert rule.predict(rows.features).sum() == pytest.approx(rows.labels["value_currency"].sum(), rel=1e-9)


def test_the_survival_table_is_kaplan_meier_on_what_was_seen() -> None:
    rows = panel(
        {"days_since_purchase": [5.0] * 2000},
        {"days_to_purchase": [7.0] * 1000 + [np.nan] * 1000, "observed_days": [182.0] * 1000 + [20.0] * 1000},
    )
    rule = fit_survival_table(rows, {"bands": 1}, SETUP)
    survival = dict(zip(CURVE_DAYS, rule.survival[0], strict=True))
    assert survival[5] == pytest.approx(1.0, abs=1e-3)
    assert survival[7] == pytest.approx(0.5, abs=1e-3)
    assert survival[14] == pytest.approx(0.5, abs=1e-3)


def test_every_fitted_curve_falls() -> None:
    rule = fit_survival_table(small_panel(), {"bands": 6}, SETUP)
    assert all((np.diff(row) <= 0).all() for row in rule.survival)
    hazard = rule.cumulative_hazard(small_panel().features, np.arange(1.0, 400.0))
    assert (np.diff(hazard, axis=1) >= 0).all()
