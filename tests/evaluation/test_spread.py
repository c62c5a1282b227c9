"""Ranges of value: a right forecast holds in every tenth of customers, and a wrong one is found where it is wrong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.evaluation.spread import FIGURES, coverage_by_decile, judge_ranges
from tiercast.serving.intervals import ValueIntervals

LEVELS = tuple(np.arange(0.01, 1.0, 0.01).round(2).tolist())
EXPONENTIAL = ValueIntervals(LEVELS, (), (tuple(np.log(-np.log1p(-np.array(LEVELS))).tolist()),))
"""Quantiles of log(value / mean) of an exponential value given a purchase."""


def drawn(size: int = 40_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the chances to buy, the values expected and what came, all by the very law that is told."""
    random = np.random.default_rng(7)
    chance, mean = random.uniform(0.1, 0.95, size), random.lognormal(3, 1, size)
    came = np.where(random.uniform(size=size) < chance, random.exponential(mean), 0.0)
    return chance, chance * mean, came


def test_a_right_forecast_holds_overall_among_spenders_and_in_every_tenth():
    chance, value, came = drawn()
    judged = judge_ranges(EXPONENTIAL, came, chance, value, seed=1)
    assert judged.figures["pit_coverage_80_share"] == pytest.approx(0.8, abs=0.01)
    assert judged.figures["spender_coverage_80_share"] == pytest.approx(0.8, abs=0.01)
    assert judged.by_decile == pytest.approx(0.8, abs=0.03)
    assert judged.figures["pit_coverage_80_worst_decile_share"] in judged.by_decile
    assert judged.figures["coverage_80_share"] > 0.82, (
        "a point mass at zero: more are within than were promised"
    )


def test_the_tenth_in_which_a_range_is_too_narrow_is_found():
    chance, value, came = drawn()
    largest = value >= np.quantile(value, 0.9)
    judged = judge_ranges(EXPONENTIAL, np.where(largest, 8 * came, came), chance, value, seed=1)
    assert judged.by_decile[:9] == pytest.approx(0.8, abs=0.03)
    assert judged.figures["pit_coverage_80_worst_decile_share"] == judged.by_decile[9] < 0.65


def test_the_score_is_that_of_the_whole_law_and_least_where_it_is_right():
    random = np.random.default_rng(3)
    came, sure = random.exponential(10, 20_000), np.ones(20_000)
    right, low, high = (
        judge_ranges(EXPONENTIAL, came, sure, np.full(20_000, mean), seed=1).figures["crps"]
        for mean in (10.0, 6.0, 16.0)
    )
    assert right == pytest.approx(5.0, rel=0.02), (
        "half the mean for an exponential law (Gneiting & Raftery 2007)"
    )
    assert right < min(low, high)


@given(factor=st.floats(0.1, 1000.0))
@settings(max_examples=20, deadline=None)
def test_the_unit_of_money_changes_the_score_alone(factor):
    chance, value, came = (each[:200] for each in drawn(1000))
    one = judge_ranges(EXPONENTIAL, came, chance, value, seed=1)
    other = judge_ranges(EXPONENTIAL, came * factor, chance, value * factor, seed=1)
    assert other.figures.pop("crps") == pytest.approx(factor * one.figures.pop("crps"), rel=1e-9)
    assert other.figures == pytest.approx(one.figures, abs=1e-9)


def test_money_below_zero_is_read_as_zero_and_a_missing_number_gives_no_figure():
    below = judge_ranges(EXPONENTIAL, [-5.0, 3.0], [0.2, 0.9], [1.0, 3.0], seed=1)
    nothing = judge_ranges(EXPONENTIAL, [0.0, 3.0], [0.2, 0.9], [1.0, 3.0], seed=1)
    assert below.figures == nothing.figures
    missing = judge_ranges(EXPONENTIAL, [1.0, 3.0], [0.2, np.nan], [1.0, 3.0], seed=1)
    assert set(missing.figures) == set(FIGURES)
    assert all(np.isnan(each) for each in missing.figures.values())
    assert np.isnan(missing.pit).all()
    assert np.isnan(judge_ranges(EXPONENTIAL, [0.0], [0.2], [1.0], seed=1).figures["width_80_to_mean_ratio"])


def test_fewer_customers_than_tenths_leave_tenths_unknown():
    assert np.isnan(coverage_by_decile([0.5, 0.95], [1.0, 2.0])).sum() == 8
