"""Time to the next purchase: checked against published curves and slow, obvious counting."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.evaluation import survival
from tiercast.evaluation.arrays import MisalignedInput
from tiercast.evaluation.metrics import repurchase_metrics

followed = st.lists(
    st.tuples(st.integers(1, 8), st.integers(1, 8), st.sampled_from([0.1, 0.2, 0.5, 0.9])),
    min_size=3,
    max_size=25,
)


def _columns(rows):
    bought_on, observed, score = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return np.where(bought_on <= observed, bought_on, np.nan), observed, score


def _slow_concordance(bought_on, observed, score):
    """Uno's C by counting every pair."""
    ended, bought = np.where(np.isnan(bought_on), observed, bought_on), ~np.isnan(bought_on)

    def still_followed(day):
        product = 1.0
        for end in sorted({e for e, b in zip(ended, bought, strict=True) if not b and e < day}):
            lost = sum(e == end and not b for e, b in zip(ended, bought, strict=True))
            at_risk = sum(e > end or (e == end and not b) for e, b in zip(ended, bought, strict=True))
            product *= 1 - lost / at_risk
        return product

    right = pairs = 0.0
    for i in range(len(ended)):
        for j in range(len(ended)):
            later = ended[j] > ended[i] or (ended[j] == ended[i] and not bought[j])
            if bought[i] and i != j and later:
                weight = still_followed(ended[i]) ** -2
                pairs += weight
                right += weight * ((score[i] > score[j]) + 0.5 * (score[i] == score[j]))
    return right / pairs if pairs else float("nan")


@given(followed)
@settings(max_examples=80, deadline=None)
def test_concordance_equals_counting_every_pair(rows):
    bought_on, observed, score = _columns(rows)
    assert survival.concordance(bought_on, observed, score) == pytest.approx(
        _slow_concordance(bought_on, observed, score), nan_ok=True
    )


def test_kaplan_meier_equals_the_published_6_mp_curve():
    """Freireich et al. 1963, remission under 6-MP in weeks; "+" is censored."""
    bought_on = [6, 6, 6, None, 7, None, 10, None, None, 13, 16, *[None] * 3, 22, 23, *[None] * 5]
    observed = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    curve = survival.kaplan_meier(np.array(bought_on, dtype=float), observed, [5, 6, 7, 10, 13, 16, 22, 23])
    assert curve.round(3).tolist() == [1.0, 0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448]


def test_with_one_follow_up_for_all_a_perfect_score_has_concordance_one():
    bought_on = np.array([1.0, 5.0, 9.0, np.nan])
    assert survival.concordance(bought_on, np.full(4, 30.0), -np.nan_to_num(bought_on, nan=99.0)) == 1.0


def test_a_purchase_seen_after_the_follow_up_does_not_count():
    assert np.isnan(survival.concordance([40.0, np.nan], [30.0, 30.0], [1.0, 0.0]))


def test_no_concordance_without_pairs_or_with_a_missing_score():
    assert np.isnan(survival.concordance([np.nan, np.nan], [9, 9], [0.1, 0.2]))
    assert np.isnan(survival.concordance([1.0, np.nan], [9, 9], [0.1, np.nan]))


@given(followed)
@settings(max_examples=50, deadline=None)
def test_brier_by_day_equals_counting_customers(rows):
    bought_on, observed, score = _columns(rows)
    days = np.array([1.0, 3.0, 8.0])
    curve = np.exp(-score[:, None] * days[None, :])
    by_hand = []
    for place, day in enumerate(days):
        errors = [
            (curve[i, place] - float(not bought_on[i] <= day)) ** 2
            for i in range(observed.size)
            if observed[i] >= day
        ]
        by_hand.append(np.mean(errors) if errors else np.nan)
    assert survival.brier_by_day(bought_on, observed, curve, days) == pytest.approx(by_hand, nan_ok=True)


def test_integrated_brier_of_a_coin_is_a_quarter_and_of_the_truth_zero():
    bought_on, days = np.array([2.0, 8.0, np.nan]), np.arange(1.0, 11.0)
    truth = ~(bought_on[:, None] <= days[None, :])
    assert survival.integrated_brier(bought_on, [10] * 3, np.full((3, 10), 0.5), days) == pytest.approx(0.25)
    assert survival.integrated_brier(bought_on, [10] * 3, truth.astype(float), days) == 0.0


def test_integrated_brier_is_the_mean_of_its_rows_when_all_are_followed_to_the_end():
    random = np.random.default_rng(5)
    bought_on, days = random.integers(1, 40, 50).astype(float), np.array([1.0, 7.0, 30.0])
    curve = np.sort(random.uniform(size=(50, 3)))[:, ::-1]
    rows = survival.integrated_brier_per_row(bought_on, np.full(50, 30.0), curve, days)
    assert rows.mean() == pytest.approx(survival.integrated_brier(bought_on, np.full(50, 30.0), curve, days))


def test_within_day_figures_use_only_customers_followed_that_long():
    error, ratio = survival.within_days_calibration(
        [3, np.nan, 20, np.nan], [90, 90, 90, 5], [0.5, 0.5, 0.5, 0.5], within_days=7
    )
    assert (error, ratio) == pytest.approx((0.5 - 1 / 3, 1.5))


def test_the_table_reads_the_curve_between_its_days_and_never_beyond_them():
    figures = repurchase_metrics([2.0, np.nan], [60, 60], [[0.4, 0.2], [0.9, 0.8]], [10, 30])
    assert np.isnan(figures["within_60d_predicted_to_actual"])
    expected = (1 - (1 + 0.7 * (0.4 - 1))) + (1 - (1 + 0.7 * (0.9 - 1)))
    assert figures["within_7d_predicted_to_actual"] == pytest.approx(expected)


def test_curves_that_do_not_fit_the_customers_are_refused():
    with pytest.raises(MisalignedInput):
        survival.integrated_brier([1.0, 2.0], [9, 9], np.ones((3, 2)), [1, 9])
