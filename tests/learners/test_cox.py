"""Cox: the coefficients are those of the partial likelihood, and the curve is that of the data."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from tests.path.world import small_panel
from tiercast.evaluation.survival import kaplan_meier
from tiercast.learners.cox import COX, COX_WITHIN, partial_likelihood
from tiercast.learners.learner import Setup
from tiercast.serving.cox import Cox
from tiercast.serving.parts import restore
from tiercast.windows import Horizon

PENALTY = 0.01


def drawn(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    design = chance.normal(size=(rows, 2))
    wait = np.ceil(chance.exponential(40.0 / np.exp(design @ np.array([0.8, -0.5]))))
    end = chance.integers(5, 90, rows)
    return design, np.minimum(wait, end).astype(np.int64), wait <= end, chance.uniform(0.5, 2.0, rows)


def slow(
    beta: np.ndarray, design: np.ndarray, day: np.ndarray, bought: np.ndarray, weight: np.ndarray
) -> float:
    """Return the penalised negative log partial likelihood, row by row, ties as Breslow has them."""
    score = design @ beta
    total = sum(
        weight[row] * (score[row] - np.log(np.sum(weight[day >= day[row]] * np.exp(score[day >= day[row]]))))
        for row in np.flatnonzero(bought)
    )
    return float(-total + 0.5 * PENALTY * weight[bought].sum() * beta @ beta)


@pytest.mark.parametrize("seed", range(4))
def test_the_coefficients_are_those_that_a_general_optimiser_finds(seed: int) -> None:
    design, day, bought, weight = drawn(150, seed)
    found = minimize(slow, np.zeros(2), args=(design, day, bought, weight), tol=1e-10).x
    told, _, _ = partial_likelihood(design, day, bought, weight, penalty=PENALTY)
    np.testing.assert_allclose(told, found, atol=1e-4)


def test_without_differences_the_baseline_is_nelson_and_aalens() -> None:
    _, day, bought, _ = drawn(4_000, 9)
    nothing, ones = np.zeros((len(day), 1)), np.ones(len(day))
    beta, days, baseline = partial_likelihood(nothing, day, bought, ones, penalty=PENALTY)
    assert beta.tolist() == [0.0]
    wait = np.where(bought, day, np.nan).astype(float)
    seen = kaplan_meier(wait, day.astype(float), days.astype(float))
    np.testing.assert_allclose(np.exp(-baseline), seen, atol=0.01)


@pytest.mark.parametrize("fewest", [0, 1])
def test_nobody_or_one_who_bought_ends_in_a_curve_that_is_finite(fewest: int) -> None:
    design, day, bought, weight = drawn(30, 2)
    bought = np.arange(30) < fewest
    beta, days, baseline = partial_likelihood(design, day, bought, weight, penalty=PENALTY)
    assert np.isfinite(beta).all()
    assert np.isfinite(baseline).all()
    assert len(days) == len(baseline) == fewest


def test_a_fitted_curve_comes_back_from_json_and_falls_with_the_days() -> None:
    panel = small_panel()
    part = COX.fit(panel, COX.defaults, Setup(Horizon(28), 7))
    again = restore(part.to_json())
    assert isinstance(again, Cox)
    days = np.array([1.0, 7.0, 28.0, 400.0])
    hazard = part.cumulative_hazard(panel.features, days)
    np.testing.assert_array_equal(hazard, again.cumulative_hazard(panel.features, days))
    assert (np.diff(hazard, axis=1) >= 0).all()
    assert (hazard >= 0).all()
    assert isinstance(panel.features, pd.DataFrame)
    assert part.reach_days <= 182


def test_the_chance_within_the_window_is_the_curves_there_and_zero_where_nobody_bought() -> None:
    panel, setup = small_panel(), Setup(Horizon(28), 7)
    curve = COX.fit(panel, COX.defaults, setup)
    chance = COX_WITHIN.fit(panel, COX.defaults, setup)
    hazard = curve.cumulative_hazard(panel.features, np.array([28.0]))[:, 0]
    np.testing.assert_allclose(chance.predict(panel.features), -np.expm1(-hazard), rtol=1e-12)
    assert isinstance(restore(chance.to_json()), type(chance))
    never = replace(panel, labels=panel.labels.assign(days_to_purchase=np.nan))
    assert set(COX_WITHIN.fit(never, COX.defaults, setup).predict(panel.features)) == {0.0}
