"""Ranges: a right forecast is told so, a wrong one is not."""

import numpy as np
import pytest

from tiercast.evaluation import distribution
from tiercast.evaluation.metrics import interval_metrics


def test_the_transform_of_a_right_zero_inflated_forecast_is_uniform():
    random = np.random.default_rng(7)
    probability = random.uniform(0.1, 0.9, 20_000)
    bought = random.uniform(size=20_000) < probability
    spent = np.where(bought, random.exponential(50, 20_000), 0.0)
    up_to = 1 - probability * np.exp(-spent / 50)
    pit = distribution.randomised_pit(np.where(bought, up_to, 0.0), up_to, seed=1)
    assert np.quantile(pit, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.012)
    assert distribution.pit_coverage(pit) == pytest.approx(0.8, abs=0.01)


def test_a_forecast_that_promises_too_little_has_a_high_transform():
    figures = interval_metrics(
        [50.0] * 10,
        [0.95] * 10,
        [0.2] * 10,
        low_given_purchase=[1] * 10,
        high_given_purchase=[20] * 10,
        seed=1,
    )
    assert figures["pit_mean"] == pytest.approx(0.95)
    assert figures["pit_coverage_80_share"] == figures["spender_coverage_80_share"] == 0.0


def test_a_negative_net_value_is_read_as_nothing():
    figures = interval_metrics([-5.0], [0.0], [1.0], low_given_purchase=[1], high_given_purchase=[2], seed=1)
    assert 0 < figures["pit_mean"] < 1
    assert np.isnan(figures["spender_coverage_80_share"])


def test_the_pinball_loss_is_least_at_the_quantile():
    spent = np.random.default_rng(2).exponential(10, 5_000)
    right = np.quantile(spent, 0.9)
    losses = [
        distribution.pinball(spent, np.full(5_000, q), level=0.9) for q in (right * 0.7, right, right * 1.3)
    ]
    assert min(losses) == losses[1]


def test_crps_of_a_point_forecast_is_its_absolute_error():
    levels = (np.arange(100) + 0.5) / 100
    assert distribution.crps([10.0], np.full((1, 100), 4.0), levels) == pytest.approx(6.0)


def test_crps_of_a_uniform_forecast_is_the_closed_form():
    """CRPS of U(0, 1) at y is y**3 / 3 + (1 - y)**3 / 3."""
    levels = (np.arange(400) + 0.5) / 400
    assert distribution.crps([0.3], levels[None, :], levels) == pytest.approx((0.3**3 + 0.7**3) / 3, abs=1e-4)
