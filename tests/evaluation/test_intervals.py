"""Fitted value intervals keep their promise on new customers."""

import numpy as np
import pytest

from tiercast.evaluation.intervals import TooFewSpenders, conformal_quantiles, fit_value_intervals, widened
from tiercast.evaluation.metrics import interval_metrics


def _customers(size: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Large spenders stray less (in proportion) than small ones; the mean given a purchase is 30 % too high."""
    random = np.random.default_rng(seed)
    probability, mean = random.beta(2, 2, size), random.lognormal(4, 1, size)
    spread = np.where(mean > 55, 0.3, 1.0)
    bought = random.uniform(size=size) < probability
    spent = mean * np.exp(spread * random.standard_normal(size) - spread**2 / 2)
    return np.where(bought, spent, 0.0), probability, 1.3 * mean


def test_new_customers_fall_where_they_were_said_to():
    fitted = fit_value_intervals(*_customers(20_000, 1))
    actual, probability, mean = _customers(20_000, 2)
    figures = interval_metrics(
        actual,
        fitted.cumulative(actual, probability, mean),
        fitted.cumulative(np.zeros(actual.size), probability, mean),
        low_given_purchase=fitted.positive_quantile(0.1, probability, mean),
        high_given_purchase=fitted.positive_quantile(0.9, probability, mean),
        seed=1,
    )
    assert figures["pit_coverage_80_share"] == pytest.approx(0.8, abs=0.01)
    assert figures["pit_mean"] == pytest.approx(0.5, abs=0.01)
    assert 0.77 <= figures["spender_coverage_80_share"] <= 0.83


def test_spenders_are_covered_in_each_tenth_of_predicted_value():
    fitted = fit_value_intervals(*_customers(30_000, 3))
    actual, probability, mean = _customers(30_000, 4)
    inside = (actual >= fitted.positive_quantile(0.1, probability, mean)) & (
        actual <= fitted.positive_quantile(0.9, probability, mean)
    )
    predicted, spent = probability * mean, actual > 0
    tenth = np.searchsorted(np.quantile(predicted, np.arange(1, 10) / 10), predicted)
    covered = [inside[spent & (tenth == number)].mean() for number in range(10)]
    assert min(covered) > 0.74
    assert max(covered) < 0.86


def test_small_calibration_windows_still_cover_on_average():
    """The finite-sample promise: over many windows of 40 spenders, a new spender is covered at least 80 %."""
    random = np.random.default_rng(5)
    window = random.standard_normal((2_000, 40))
    bounds = np.array([conformal_quantiles(row, [0.1, 0.9]) for row in window])
    fresh = random.standard_normal((2_000, 50))
    covered = ((fresh >= bounds[:, :1]) & (fresh <= bounds[:, 1:])).mean()
    assert 0.80 <= covered <= 0.83


def test_conformal_quantiles_by_hand():
    nineteen = np.arange(1.0, 20.0)
    assert conformal_quantiles(nineteen, [0.05, 0.1, 0.5, 0.9, 0.95]).tolist() == [1.0, 2.0, 10.0, 18.0, 19.0]


def test_thin_bins_are_pooled_until_each_holds_enough_spenders():
    actual, probability, mean = _customers(1_000, 6)
    fitted = fit_value_intervals(actual, probability, mean)
    predicted, spent = probability * mean, actual > 0
    bins = np.searchsorted(np.array(fitted.bin_edges), predicted[spent], side="right")
    assert len(fitted.bin_edges) >= 2
    assert np.bincount(bins, minlength=len(fitted.log_ratio_quantiles)).min() >= 50


def test_few_spenders_share_one_bin_and_too_few_are_refused():
    actual, probability, mean = _customers(120, 7)
    assert fit_value_intervals(actual, probability, mean).bin_edges == ()
    with pytest.raises(TooFewSpenders) as refused:
        fit_value_intervals(actual[:10], probability[:10], mean[:10])
    assert refused.value.code == "TOO_FEW_SPENDERS"


def test_rows_that_were_not_scored_do_not_count():
    actual, probability, mean = _customers(2_000, 8)
    gaps = np.full(30, np.nan)
    with_gaps = np.r_[actual, np.full(30, 9.0)], np.r_[probability, gaps], np.r_[mean, gaps]
    assert fit_value_intervals(*with_gaps) == fit_value_intervals(actual, probability, mean)


def test_equal_predictions_make_one_bin():
    actual = np.random.default_rng(9).exponential(30, 500)
    assert fit_value_intervals(actual, np.full(500, 0.5), np.full(500, 30.0)).bin_edges in ((), (15.0,))


def test_a_level_that_nobody_could_know_is_covered_by_wider_intervals():
    """Everybody's spend moves by one factor, drawn within 1 / 1.4 to 1.4 in four of five seasons."""
    fitted = fit_value_intervals(*_customers(20_000, 5))
    wide = widened(fitted, level_factor_80=1.4)
    random = np.random.default_rng(6)
    covered = {"narrow": [], "wide": []}
    for season in range(60):
        actual, probability, mean = _customers(1_000, 100 + season)
        actual = actual * np.exp(np.log(1.4) / 1.2816 * random.standard_normal())
        spent = actual > 0
        for name, spread in (("narrow", fitted), ("wide", wide)):
            low, high = (spread.positive_quantile(level, probability, mean) for level in (0.1, 0.9))
            covered[name].append(((actual >= low) & (actual <= high))[spent].mean())
    assert np.mean(covered["narrow"]) < 0.77
    assert np.mean(covered["wide"]) == pytest.approx(0.8, abs=0.02)


def test_who_bought_and_gave_all_of_it_back_is_told_as_nothing() -> None:
    rng = np.random.default_rng(6)
    count = 30_000
    probability = rng.uniform(0.2, 1.0, count)
    bought = rng.random(count) < probability
    kept = bought & (rng.random(count) < 0.7)
    mean = rng.uniform(20.0, 80.0, count)
    actual = np.where(kept, mean * np.exp(rng.normal(-0.08, 0.4, count)), 0.0)
    given = mean * 0.7  # value given a purchase, of which three in ten leave nothing
    blind = fit_value_intervals(actual, probability, given)
    seen = fit_value_intervals(actual, probability, given, bought=bought)
    assert (blind.paid_share, seen.paid_share) == (1.0, pytest.approx(0.7, abs=0.01))
    assert (actual == 0).mean() == pytest.approx(seen.cumulative(0.0, probability, given).mean(), abs=0.01)
    assert abs((actual == 0).mean() - blind.cumulative(0.0, probability, given).mean()) > 0.1
    for level in (0.6, 0.8, 0.9):
        asked = np.maximum(
            level, 1.0 - 0.7 * probability
        ).mean()  # whoever leaves nothing more often is below it at zero
        told = seen.quantile(level, probability, given)
        assert (actual <= told).mean() == pytest.approx(asked, abs=0.015)
