"""The value intervals applied at prediction time."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiercast.serving.intervals import BrokenIntervals, ValueIntervals

LEVELS = tuple((np.arange(1, 100) / 100).tolist())
SMALL = tuple(np.linspace(-1.5, 1.0, 99).tolist())
LARGE = tuple(np.linspace(-0.4, 0.3, 99).tolist())
SPREAD = ValueIntervals(levels=LEVELS, bin_edges=(50.0,), log_ratio_quantiles=(SMALL, LARGE))

chance = st.floats(0, 1)
mean = st.floats(0.01, 1e6)


def test_a_quantile_is_zero_up_to_the_chance_of_buying_nothing():
    assert SPREAD.quantile(0.6, [0.4], [100.0])[0] == 0.0
    assert SPREAD.quantile(0.61, [0.4], [100.0])[0] > 0.0


def test_a_quantile_is_the_stated_formula():
    """P = 0.8, level 0.6: the level among spenders is (0.6 - 0.2) / 0.8 = 0.5, the middle of the grid."""
    assert SPREAD.quantile(0.6, [0.8], [100.0])[0] == pytest.approx(100 * np.exp(LARGE[49]))
    assert SPREAD.quantile(0.6, [0.8], [10.0])[0] == pytest.approx(10 * np.exp(SMALL[49]))


def test_an_edge_belongs_to_the_upper_bin():
    assert SPREAD.positive_quantile(0.99, [0.5], [100.0])[0] == pytest.approx(100 * np.exp(LARGE[98]))


@given(chance, mean, st.floats(0, 1), st.floats(0, 1))
def test_quantiles_rise_with_the_level(probability, amount, one, other):
    low, high = sorted((one, other))
    assert (
        SPREAD.quantile(low, [probability], [amount])[0] <= SPREAD.quantile(high, [probability], [amount])[0]
    )


@given(st.floats(0.02, 1), mean, st.floats(0.02, 0.98))
def test_cumulative_undoes_the_quantile(probability, amount, level):
    value = SPREAD.quantile(level, [probability], [amount])
    among_spenders = (level - (1 - probability)) / probability
    if 0.011 < among_spenders < 0.989:
        assert SPREAD.cumulative(value, [probability], [amount])[0] == pytest.approx(level, abs=1e-9)


@given(st.lists(st.tuples(chance, mean), min_size=1, max_size=20))
def test_an_interval_is_ordered_finite_and_never_negative(customers):
    probability, amount = (np.array(column) for column in zip(*customers, strict=True))
    low, high = SPREAD.interval(probability, amount)
    assert low.shape == high.shape == probability.shape
    assert (low >= 0).all()
    assert (low <= high).all()
    assert np.isfinite(high).all()


def test_a_wider_coverage_is_a_wider_interval():
    narrow, wide = SPREAD.interval([0.9], [100.0], coverage_share=0.5), SPREAD.interval([0.9], [100.0])
    assert wide[0][0] < narrow[0][0] < narrow[1][0] < wide[1][0]


def test_missing_stays_missing_and_only_there():
    low, high = SPREAD.interval([0.5, np.nan, 0.9], [np.nan, 10.0, 10.0])
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, True, False]
    assert np.isnan(SPREAD.cumulative([1.0, 1.0, np.nan], [0.5, np.nan, 0.5], [np.nan, 1.0, 1.0])).all()


def test_nobody_buys_and_nothing_to_spend_is_zero():
    low, high = SPREAD.interval([0.0, 0.9, 0.9], [100.0, 0.0, -5.0])
    assert low.tolist() == high.tolist() == [0.0, 0.0, 0.0]


def test_no_customers_give_no_intervals():
    low, high = SPREAD.interval([], [])
    assert low.size == high.size == 0


def test_one_customer_alone_is_told_what_the_crowd_is_told():
    random = np.random.default_rng(1)
    probability, amount = random.uniform(size=200), random.lognormal(4, 1, 200)
    low, high = SPREAD.interval(probability, amount)
    alone = [SPREAD.interval([p], [m]) for p, m in zip(probability, amount, strict=True)]
    assert [(one[0][0], one[1][0]) for one in alone] == list(zip(low, high, strict=True))


def test_intervals_survive_their_json():
    stored = json.loads(json.dumps(SPREAD.to_json(), allow_nan=False))
    assert stored["type"] == "value_intervals"
    assert ValueIntervals.from_json(stored) == SPREAD


@pytest.mark.parametrize(
    "broken",
    [
        {"bin_edges": ()},
        {"bin_edges": (50.0, 40.0), "log_ratio_quantiles": (SMALL, LARGE, LARGE)},
        {"log_ratio_quantiles": (SMALL, LARGE[:-1])},
        {"log_ratio_quantiles": (SMALL, LARGE[::-1])},
        {"levels": LEVELS[::-1]},
        {"levels": (*LEVELS[:-1], 1.0)},
        {"log_ratio_quantiles": (SMALL, (float("nan"), *LARGE[1:]))},
    ],
)
def test_stored_numbers_that_do_not_fit_are_refused_with_a_code(broken):
    parts = {"levels": LEVELS, "bin_edges": (50.0,), "log_ratio_quantiles": (SMALL, LARGE), **broken}
    with pytest.raises(BrokenIntervals) as refused:
        ValueIntervals(**parts)
    assert refused.value.code == "BROKEN_INTERVALS"
